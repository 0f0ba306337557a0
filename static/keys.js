/* keys.js: single keys for whoever works here all day. A key presses what says data-key="…"; it does nothing by itself.
   Loaded only while its person has not turned single keys off. Bare keys only, never while somebody types. */
(() => {
  'use strict';
  const rows = () => [...document.querySelectorAll('.worklist tbody tr')];
  const link = (row) => row.querySelector('.q-who a');
  const help = document.getElementById('keys');
  const fields = 'textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button], [type=submit])';
  let row = null;

  const isThere = (part) => !part.disabled && part.checkVisibility();
  const named = (key, within) => [...within.querySelectorAll('[data-key]')].find((part) => part.dataset.key === key && isThere(part));
  const onPage = (key) => [...document.querySelectorAll('[data-key]')]
    .find((part) => part.dataset.key === key && !part.closest('.worklist tbody tr') && isThere(part));

  // The row in hand: where the focus is, or was last.
  const mark = (found) => {
    if (row) row.classList.remove('at');
    row = found;
    if (row) row.classList.add('at');
  };
  addEventListener('focusin', (event) => {
    const found = event.target.closest && event.target.closest('.worklist tbody tr');
    if (found) mark(found);
  });
  const inHand = () => {
    if (row && !row.isConnected) mark(null);
    return row;
  };
  const move = (step) => {
    const all = rows();
    if (!all.length) return false;
    const now = all.indexOf(inHand());
    mark(all[now < 0 ? 0 : Math.min(Math.max(now + step, 0), all.length - 1)]);
    link(row).focus({ focusVisible: true });
    row.scrollIntoView({ block: 'nearest' });
    return true;
  };

  // What a key means here. A menu is opened and its first choice taken in hand; a field is entered; the rest is pressed.
  const reach = (part) => { part.focus({ focusVisible: true }); part.scrollIntoView({ block: 'nearest' }); };
  const press = (part, mayAct) => {
    if (part.matches(fields)) { reach(part); return true; }
    if (part.matches('summary')) {
      part.parentElement.open = true;
      reach(part.parentElement.querySelector(':scope > :not(summary) :is(button, a, input:not([type=hidden]), select, textarea)') || part);
      return true;
    }
    if (part.matches('a[href^="#"]')) {
      const end = document.getElementById(part.hash.slice(1));
      const box = end && end.closest('details');
      if (box) box.open = true;
      if (end) reach(end.matches('details') ? end.querySelector('summary') : end);
      return true;
    }
    if (!mayAct) return false;
    if (part.matches('[type=radio]')) choose(part);
    else part.click();
    return true;
  };
  const choose = (radio) => {                            // the same key again confirms what needs confirming
    const confirm = radio.checked && radio.dataset.then === 'never' && document.getElementById('confirm');
    if (confirm) { confirm.checked = true; reach(confirm); return; }
    if (!radio.checked) radio.click();
    reach(radio);
  };
  const ways = { a: '#key-a', e: '#key-e', s: '#key-s', p: '#key-p' };
  const inRow = (found, key) => {
    const part = named(key, found);
    if (part) return press(part, true);
    if (key === 'Enter') { link(found).click(); return true; }
    if (!ways[key] || onPage(key)) return false;
    location.assign(link(found).href + ways[key]);       // there the key opens what it opens, and sends nothing
    return true;
  };

  const search = () => { const find = document.getElementById('find'); if (find) { reach(find); find.select(); } return Boolean(find); };
  const act = (key) => {
    if (key === 'j' || key === 'k') return move(key === 'j' ? 1 : -1);
    if (key === '/') return search();
    if (key === '?') { if (help) help.showModal(); return Boolean(help); }
    const bar = document.querySelector('.bulk'), all = bar && named(key, bar);
    if (all) return press(all, true);                    // rows are chosen: all of them are meant
    const found = inHand();
    if (found && key !== 'n' && key !== 'z' && inRow(found, key)) return true;
    const part = key !== 'Enter' && onPage(key);
    if (part) return press(part, true);
    return key === 'i' && search();                      // an outcome where there is one, else the search
  };

  const isBare = (event) => {
    const isMark = '/?!'.includes(event.key);            // some keyboards reach these with AltGr only
    if (event.metaKey || event.isComposing || event.defaultPrevented) return false;
    return !(event.ctrlKey || event.altKey) || isMark && event.getModifierState('AltGraph');
  };
  addEventListener('keydown', (event) => {
    const from = event.target.closest ? event.target : document.body;
    if (event.key === 'Escape' && from.matches(fields)) { from.blur(); return; }
    if (!isBare(event) || event.key.length > 1 && event.key !== 'Enter') return;
    if (from.closest(fields) || document.querySelector('dialog[open]') || document.body.classList.contains('covered')) return;
    if (event.key === 'Enter' && from !== document.body) return;     // a focused control has its own Enter
    const key = event.getModifierState('CapsLock') ? event.key.toLowerCase() : event.key;
    if (event.repeat && key !== 'j' && key !== 'k') return;
    if (act(key)) event.preventDefault();
  });

  // After a deed in the list: on with the row that was in hand, or the one that has come into its place.
  addEventListener('submit', () => {
    const at = rows().indexOf(inHand());
    if (at >= 0) sessionStorage.setItem('row', JSON.stringify([link(row).pathname, at]));
  });
  const kept = rows().length ? sessionStorage.getItem('row') : null;
  if (kept) {
    sessionStorage.removeItem('row');
    const [path, at] = JSON.parse(kept);
    const found = rows().find((one) => link(one).pathname === path) || rows()[Math.min(at, rows().length - 1)];
    mark(found);
    link(found).focus({ preventScroll: true });
  }
  const asked = /^#key-([aesp])$/.exec(location.hash);
  if (asked) {
    const part = onPage(asked[1]);
    history.replaceState(null, '', location.pathname + location.search);
    if (part && !press(part, false)) reach(part);
  }

  document.querySelectorAll('[data-key]').forEach((part) => part.setAttribute('aria-keyshortcuts', part.dataset.key));
  const opener = document.querySelector('[data-keys-help]');
  if (opener && help) opener.addEventListener('click', (event) => { event.preventDefault(); help.showModal(); });
})();
