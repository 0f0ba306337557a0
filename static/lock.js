/* lock.js: an idle page is blanked, and comes back as it was once its person has given the password.
   The server locks by itself; this hides what is already on the screen, and keeps what was typed in it. */
(() => {
  'use strict';
  const template = document.getElementById('lock');
  if (!template) return;
  const { address, who, one, many } = template.dataset;
  const after = template.dataset.after * 1000, minute = 61000, poll = 15000;
  let used = Date.now(), told = used, asked = used, asking = false, turn = 0, cover = null, title = '', focused = null;

  // A question of this script (X-Background) is no use of the page; without the header it says: somebody is typing.
  const ask = async (isUse) => {
    asked = Date.now();
    try {
      const headers = isUse ? {} : { 'X-Background': '1' };
      const answer = await fetch(address, { headers, cache: 'no-store', signal: AbortSignal.timeout(4000) });
      return await answer.json();
    } catch { return null; }
  };

  const part = (name) => cover.querySelector('[data-part="' + name + '"]');
  const show = (name) => {
    if (cover.dataset.shown === name) return;
    cover.dataset.shown = name;
    for (const each of cover.querySelectorAll('[data-part]')) each.hidden = each.dataset.part !== name;
    part(name).querySelector('input[type=password], a').focus();
  };
  const count = (number) => {
    const words = number ? (number === 1 ? one : many).replace('{}', number) : '';
    if (cover.querySelector('[role=status]').textContent !== words) cover.querySelector('[role=status]').textContent = words;
    document.title = (number ? '(' + number + ') ' : '') + template.dataset.title;
  };
  const blank = () => {
    if (cover) return;
    title = document.title;
    focused = document.activeElement;
    document.body.append(template.content.cloneNode(true));
    cover = document.body.lastElementChild;
    document.body.classList.add('covered');
    cover.querySelector('form').addEventListener('submit', unlock);
    count(0);
  };
  const comeBack = (answer) => {
    document.querySelectorAll('input[name=csrf_token]').forEach((field) => { field.value = answer.token; });
    used = told = Date.now() - (after - answer.left * 1000);
    if (!cover) return;
    cover.remove();
    cover = null;
    document.body.classList.remove('covered');
    document.title = title;
    if (focused && focused.focus) focused.focus();
  };

  const heed = (answer) => {
    if (answer && answer.state === 'open' && answer.who === who && answer.left > 0) { comeBack(answer); return; }
    if (!cover && !answer && Date.now() - used < after) return;          // a network that is away is no reason yet
    blank();
    if (answer && answer.state === 'open') show('other');
    else show(answer && answer.state === 'out' ? 'out' : cover.dataset.shown || 'locked');
    count(answer && answer.waiting || 0);
    dispatchEvent(new CustomEvent('desk:locked', { detail: answer && answer.ring || 0 }));   // desk.js rings
  };
  async function unlock(event) {
    event.preventDefault();
    event.stopPropagation();                                             // nothing of the page below is being sent
    const form = event.target, field = form.elements.password, said = form.querySelector('.error');
    const body = new URLSearchParams(new FormData(form));
    let answer = null;
    try {
      answer = await (await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } })).json();
    } catch { /* said below */ }
    if (!cover) return;
    field.value = '';
    if (answer && !answer.error) { turn += 1; heed(answer); return; }
    said.textContent = template.dataset.error.replace('{}', answer ? answer.error : template.dataset.away);
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  }

  const look = async (isNow) => {
    if (asking) return;
    const now = Date.now();
    const isDue = cover ? isNow || now - asked >= poll : now - used >= after || isNow && now - asked >= minute;
    const isUse = !cover && used > told && now - told >= minute && now - used < after;
    if (!isDue && !isUse) return;
    asking = true;
    if (isUse) told = now;
    const before = used, mine = turn;
    const answer = await ask(isUse);
    asking = false;
    if (mine !== turn) return;                                           // unlocked while this was on its way
    if (!cover && used !== before && answer && answer.state === 'open' && answer.who === who) return;   // typing goes on
    heed(answer);
  };
  for (const kind of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'input']) {
    addEventListener(kind, (event) => { if (!cover && event.isTrusted) used = Date.now(); }, { passive: true, capture: true });
  }
  for (const kind of ['keydown', 'keyup']) {                             // the keys of the page below stay asleep
    addEventListener(kind, (event) => { if (cover) event.stopImmediatePropagation(); }, true);
  }
  addEventListener('focus', () => look(true));
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(true); });
  setInterval(look, 5000);
})();
