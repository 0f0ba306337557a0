/* panel.js: what a live page can do better. Everything works without it. */
(() => {
  'use strict';
  const words = document.body.dataset;
  if (!words.now) return;
  const ahead = Date.parse(words.now) - Date.now();      // the server's clock against this one
  const now = () => Date.now() + ahead;
  const fill = (text, ...parts) => parts.reduce((done, part) => done.replace('{}', part), text);
  const length = (minutes) => minutes < 60 ? fill(words.min, minutes)
    : fill(words.hours, Math.floor(minutes / 60), minutes % 60).replace(/ 0 min$/, '');

  // Due times: the same words as the server's, kept current.
  const tell = (time) => {
    const left = (Date.parse(time.dateTime) - now()) / 1000;
    const minutes = Math.floor(Math.abs(left) / 60);
    if (minutes >= 1440 || left >= 3600) return;
    time.textContent = minutes < 1 ? words.dueNow : fill(left < 0 ? words.overdue : words.dueIn, length(minutes));
    const kind = left < 0 ? 'late' : left <= 60 * (words.soon || 5) ? 'soon' : 'wait';
    if (kind === time.dataset.due) return;
    const cell = time.closest('.due');
    cell.classList.replace(time.dataset.due, kind);
    cell.querySelector('use').setAttribute('href', '#i-' + kind);
    time.dataset.due = kind;
  };
  const tick = () => document.querySelectorAll('time[data-due]').forEach(tell);
  tick();
  setInterval(tick, 5000);

  // What was just done can be undone for a little while: how long still, and then no more.
  const undo = document.querySelector('.undo[data-until]');
  const count = () => {
    const left = Math.ceil((Date.parse(undo.dataset.until) - now()) / 1000);
    if (left < 1) return undo.remove();
    const shown = undo.querySelector('[data-left]');
    shown.textContent = fill(shown.dataset.left, left);
    setTimeout(count, 250);
  };
  if (undo) count();

  // On a phone the views lie in one strip: the one that is shown is in sight.
  const view = document.querySelector('.views [aria-current]');
  if (view) view.closest('ul').scrollLeft = view.offsetLeft - view.closest('ul').offsetLeft - 12;

  // A form that was refused: to the first thing that is wrong with it.
  const wrong = document.querySelector('main [aria-invalid="true"]');
  if (wrong) wrong.focus();

  // How long the call has lasted.
  const call = document.querySelector('[data-since]'), remind = document.querySelector('[data-remind]');
  const run = () => {
    const seconds = Math.max(0, Math.floor((now() - Date.parse(call.dataset.since)) / 1000));
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) call.textContent = String(minutes).padStart(2, '0') + ':' + String(seconds % 60).padStart(2, '0');
    else call.textContent = minutes < 120 ? length(minutes) : '';   // nobody is on the phone that long
    if (remind && seconds >= remind.dataset.remind) remind.hidden = false;
  };
  if (call) { run(); setInterval(run, 1000); }

  // Words that were typed and not saved: ask before they are lost. What is being sent is not lost; what stands in another
  // form is. A page that came back with what was typed says what is saved of it: nothing.
  let sending = null, sentAt = 0, dialledAt = 0;
  const isLost = (box) => box.value !== (box.dataset.saved ?? box.defaultValue) && !(sending && sending.get(box.name) === box.value);
  addEventListener('submit', (event) => {
    if (Date.now() - sentAt < 1500) event.preventDefault();   // a double click sends once
    else sentAt = Date.now();
  });
  addEventListener('formdata', (event) => { sending = event.formData; });
  addEventListener('pageshow', () => { sending = null; sentAt = 0; });
  addEventListener('click', (event) => {
    const link = event.target.closest('a[href]');
    if (link && !link.protocol.startsWith('http')) dialledAt = Date.now();   // tel: and sip: leave nothing, but Chromium asks
  });
  addEventListener('beforeunload', (event) => {
    if (Date.now() - dialledAt < 1000 || ![...document.querySelectorAll('form textarea')].some(isLost)) return;
    event.preventDefault();
    sentAt = 0;                                               // whoever stays may press again at once
  });

  // Ctrl or Cmd + Enter: save, and on to the next.
  addEventListener('keydown', (event) => {
    const save = document.querySelector('[data-save]');
    if (!save || event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing || event.repeat) return;
    const isNowhere = event.target === document.body && !document.body.classList.contains('covered');
    if (isNowhere || save.form.contains(event.target)) save.click();
  });

  // A ready-made note goes behind what was typed and replaces nothing; the browser can take it back. (Without this
  // script rules/call_script.py does the same.)
  addEventListener('click', (event) => {
    const chip = event.target.closest('[data-phrase]');
    if (!chip) return;
    event.preventDefault();
    const box = document.getElementById(chip.dataset.phrase), end = box.value.length;
    const between = !box.value.trim() || /\s$/.test(box.value) ? '' : /[.!?…:;,]$/.test(box.value) ? ' ' : '; ';
    const words = between + chip.value.slice(chip.value.indexOf(':') + 1);
    box.focus();
    box.setSelectionRange(end, end);
    if (end + words.length > box.maxLength) return;
    if (!document.execCommand('insertText', false, words)) box.setRangeText(words, end, end, 'end');
  });

  // The number in hand, for whoever dials by hand; where a browser does not allow it, the number is text to select.
  for (const button of navigator.clipboard ? document.querySelectorAll('[data-copy]') : []) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.nextElementSibling.textContent = button.dataset.copied;
    });
  }

  // How many rows are chosen.
  const chosen = document.querySelector('[data-chosen]');
  const tally = () => { chosen.textContent = document.querySelectorAll('.pick:checked').length; };
  if (chosen) { tally(); addEventListener('change', tally); addEventListener('reset', () => setTimeout(tally)); }

  // An open menu closes on Escape and on a click elsewhere.
  const shut = (kept) => document.querySelectorAll('details.menu[open]').forEach((menu) => { if (menu !== kept) menu.open = false; });
  addEventListener('click', (event) => shut(event.target.closest('details.menu')));
  addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && document.querySelector('details.menu[open]');
    if (menu) { menu.open = false; menu.querySelector('summary').focus(); }
  });
  // Over the list Enter in a menu's field presses that menu's button: the first one of the form asks what to do.
  addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing || !event.target.matches('.bulk .menu-list input')) return;
    event.preventDefault();
    event.target.closest('.menu-list').querySelector('button').click();
  });
})();
