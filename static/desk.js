/* desk.js: keeps the queue and an open request current, and rings. Everything works without it; without contact it says so.
   Rows never move: what is new waits to be asked for, what has gone stays, marked, until the page is loaded anew. */
(() => {
  'use strict';
  const desk = document.getElementById('desk');
  if (!desk) return;
  const words = desk.dataset, isList = 'live' in words;
  const OFTEN = 12000, SELDOM = 30000, MOST = 60000, STALE = 60000, RING = 25000, PATIENCE = 8000;
  const part = (name) => document.querySelector('[data-part="' + name + '"]');
  const isCovered = () => document.body.classList.contains('covered');
  const token = () => document.querySelector('input[name=csrf_token]').value;
  const headers = { 'X-Background': '1' };

  // ---- counting and ringing: in the title, on the icon, aloud and by a notification, the last two only once asked for
  const link = document.querySelector('link[rel=icon]'), icon = link.href;
  let ring = 0, told = 0, rangAt = 0, audio = null;
  const count = (due) => {
    document.title = (due ? '(' + (due > 99 ? '99+' : due) + ') ' : '') + document.title.replace(/^\([\d,+]+\) /, '');
    const wanted = due ? new URL(words.mark, location).href : icon;
    if (link.href !== wanted) link.href = wanted;
    const badge = document.querySelector('[data-badge=queue]');
    if (badge) { badge.hidden = !due; badge.firstElementChild.textContent = due > 99 ? '99+' : due; }
  };
  const wake = () => {
    if ('sound' in words && !audio) audio = new AudioContext();
    if (audio && audio.state === 'suspended') audio.resume();
    part('wake').hidden = true;
  };
  const chime = () => {
    for (const [after, pitch] of [[0, 660], [.22, 880]]) {
      const tone = audio.createOscillator(), level = audio.createGain(), at = audio.currentTime + after;
      tone.frequency.value = pitch;
      level.gain.setValueAtTime(0, at);
      level.gain.linearRampToValueAtTime(.25, at + .02);
      level.gain.exponentialRampToValueAtTime(.001, at + .4);
      tone.connect(level).connect(audio.destination);
      tone.start(at);
      tone.stop(at + .4);
    }
  };
  const others = 'BroadcastChannel' in window ? new BroadcastChannel('desk') : { postMessage() {} };
  others.onmessage = () => { rangAt = Date.now(); };                    // one tab rings for all
  const sound = () => {
    if (!('sound' in words) || !ring || document.querySelector('.incall [data-since]')) return;   // nor into a call
    if (Date.now() - rangAt < RING) return;
    if (!audio || audio.state !== 'running') { part('wake').hidden = isCovered(); return; }
    rangAt = Date.now();
    others.postMessage('rang');
    chime();
  };
  const notify = () => {
    const isNews = ring > told;
    told = ring;
    if (!('notify' in words) || !isNews || !('Notification' in window)) return;
    if (Notification.permission === 'default') { part('wake').hidden = isCovered(); return; }
    if (!document.hidden || Notification.permission !== 'granted') return;
    try {                                                               // how many, and nothing about anybody
      const text = ring === 1 ? words.one : words.many.replace('{}', ring);
      new Notification(text, { tag: 'desk', icon }).onclick = () => window.focus();
    } catch { /* a telephone that knows them from its own apps only */ }
  };
  const alarm = (unclaimed) => {
    ring = unclaimed;
    if (!ring) { rangAt = 0; part('wake').hidden = true; }
    notify();
    sound();
  };
  if (navigator.userActivation && navigator.userActivation.hasBeenActive) wake();
  for (const kind of ['click', 'keydown']) addEventListener(kind, wake, true);   // browsers let nobody ring before
  part('wake').querySelector('button').addEventListener('click', () => {
    wake();
    if ('notify' in words && 'Notification' in window) Notification.requestPermission();
  });
  addEventListener('desk:locked', (event) => alarm(event.detail));      // from lock.js: a number, and no more

  // ---- the list: cells change in place
  const rows = () => [...document.querySelectorAll('tr[data-ref]')];
  const renew = (row, news) => {
    if (row.matches(':active') || row.querySelector('details[open]')) return;   // in somebody's hand: the next time
    for (const [name, is] of [['is-late', news.late], ['cut', news.cut], ['is-gone', news.gone]]) row.classList.toggle(name, is);
    for (const [name, html] of Object.entries(news.cells)) {
      const cell = row.querySelector('.' + name), made = document.createElement('template');
      made.innerHTML = html;
      if (!cell || cell.innerHTML === made.innerHTML) continue;
      const isHeld = cell.contains(document.activeElement);
      cell.replaceChildren(made.content);
      if (isHeld) (cell.querySelector('a, button') || row.querySelector('a')).focus({ preventScroll: true });
    }
    const box = row.querySelector('.pick');
    if (box) box.value = row.dataset.ref + '.' + news.version;              // a deed is compared with what is seen
    row.dataset.mark = news.mark;
  };
  const list = (answer) => {
    for (const [view, number] of Object.entries(answer.counts)) {
      document.querySelectorAll('[data-count="' + view + '"]').forEach((place) => {
        place.textContent = number;
        place.classList.toggle('hot', view === 'due_now' && number !== '0');
      });
    }
    for (const row of rows()) if (answer.rows[row.dataset.ref]) renew(row, answer.rows[row.dataset.ref]);
    const bar = part('new'), text = answer.new ? words.new.replace('{}', answer.new > 99 ? '99+' : answer.new) : '';
    bar.hidden = !text;
    if (bar.textContent !== text) bar.textContent = text;
  };
  // Loading the page anew, and being at the same row afterwards, with the same rows chosen.
  let row = null;
  const boxes = () => [...document.querySelectorAll('tr[data-ref] input[type=checkbox]')];
  const of = (element) => element.closest('tr[data-ref]');
  const edge = () => document.querySelector('.top').getBoundingClientRect().bottom;
  const keep = () => {
    const top = scrollY > 0 && rows().find((each) => each.getBoundingClientRect().bottom > edge());
    const desk = {
      rows: rows().map((each) => each.dataset.ref), at: row && row.dataset.ref,
      top: top ? [top.dataset.ref, top.getBoundingClientRect().top] : null,
      chosen: boxes().filter((box) => box.checked).map((box) => of(box).dataset.ref),
    };
    history.replaceState({ ...history.state, desk }, '');
    history.scrollRestoration = 'manual';
    location.reload();
  };
  const restore = (kept) => {
    history.replaceState({ ...history.state, desk: null }, '');
    addEventListener('load', () => setTimeout(() => { history.scrollRestoration = 'auto'; }));   // not before it is through
    const named = (reference) => rows().find((each) => each.dataset.ref === reference);
    for (const each of rows()) {
      if (kept.rows.includes(each.dataset.ref)) continue;
      each.classList.add('is-new');
      const tag = document.createElement('span');
      tag.className = 'tag';
      tag.textContent = words.fresh;
      each.querySelector('.q-who').append(' ', tag);
    }
    for (const box of boxes().filter((each) => kept.chosen.includes(of(each).dataset.ref))) {
      box.checked = true;
      box.dispatchEvent(new Event('change', { bubbles: true }));
    }
    const at = named(kept.at) || document.querySelector('tr.is-new');
    if (at) at.querySelector('a').focus({ preventScroll: true });
    const top = kept.top && named(kept.top[0]);
    if (top) scrollBy(0, top.getBoundingClientRect().top - kept.top[1]);
  };
  if (isList) {
    addEventListener('focusin', (event) => { row = of(event.target) || row; });
    part('new').addEventListener('mousedown', (event) => event.preventDefault());   // the focus, and the page, stay where they are
    part('new').addEventListener('click', (event) => { event.preventDefault(); keep(); });
    if (history.state && history.state.desk) restore(history.state.desk);
  }

  // ---- one request: who is there too, and what was done meanwhile
  let hereAt = words.hereAt, newsId = 0;
  const say = (place, news) => {
    place.hidden = !news;
    if (!news) return;
    place.querySelector('[data-ago]').textContent = news.ago;
    if (news.id !== newsId) place.querySelector('[role]').textContent = news.words;   // said once, not at every turn
  };
  const request = (answer) => {
    hereAt = answer.here_at || hereAt;
    const said = answer.watching.join(' · '), place = part('watching');
    if (place.lastElementChild.textContent !== said) place.lastElementChild.textContent = said;
    place.hidden = !said;
    const news = answer.news;
    say(part('loud'), news && news.loud ? news : null);
    say(part('news'), news && !news.loud ? news : null);
    newsId = news ? news.id : 0;
    document.querySelectorAll('[data-call]').forEach((button) => {
      if (!news || !news.stops) { button.removeAttribute('aria-disabled'); return; }
      button.setAttribute('aria-disabled', 'true');
      button.setAttribute('aria-describedby', news.loud ? 'loud-words' : 'news-words');
    });
  };
  const shownNews = () => ['loud', 'news'].map(part).find((place) => place && !place.hidden);
  const refuse = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    shownNews().querySelector('a').focus();
  };
  // Everything in the page that somebody has typed or chosen, so that neither a look at what is new nor Call loses any of
  // it: it goes along, and the page that follows shows it again. A page without it has its fields empty.
  const isTyped = (field) => field.options ? field.selectedIndex > 0
    : /radio|checkbox/.test(field.type) ? field.checked : field.type !== 'hidden' && field.value;
  const typed = () => [...document.querySelectorAll('main form :is(input, select, textarea)[name]')].filter(isTyped);
  const takeAlong = (event) => {
    const form = event.target, fields = 'along' in form.dataset ? typed().filter((field) => field.form !== form) : [];
    if (fields.length) event.formData.append('along', 'yes');
    fields.forEach((field) => event.formData.append(field.name, field.value));
  };
  const look = (event) => {
    if (!typed().length) return;                                        // a link like any other
    event.preventDefault();
    const form = Object.assign(document.createElement('form'), { method: 'post', action: words.again, hidden: true });
    const add = (name, value) => form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
    add('csrf_token', token());
    add('seen', words.seen);
    form.dataset.along = '';
    document.body.append(form);
    form.requestSubmit();
  };
  const leave = () => {
    const body = new URLSearchParams({ csrf_token: token(), left: hereAt });
    fetch(words.here, { method: 'POST', headers, body, keepalive: true }).catch(() => {});
  };
  if (!isList) {
    const isStopped = (element) => element && element.closest('[data-call][aria-disabled=true]');
    addEventListener('click', (event) => { if (isStopped(event.target)) refuse(event); }, true);
    addEventListener('submit', (event) => { if (isStopped(event.submitter)) refuse(event); }, true);
    addEventListener('formdata', takeAlong);
    for (const name of ['loud', 'news']) part(name).querySelector('a').addEventListener('click', look);
    addEventListener('pagehide', leave);
  }

  // ---- asking: every 12 seconds, seldom when nobody looks, more and more seldom while there is no answer
  let heardAt = Date.now(), updated = words.updated, etag = '', asked = '', failures = 0, nextAt = 0, isAsking = false;
  const pause = () => {
    const length = failures ? Math.min(OFTEN * 2 ** failures, MOST) : document.hidden ? SELDOM : OFTEN;
    nextAt = Date.now() + length * (.85 + Math.random() * .3);
  };
  const address = () => {
    const url = new URL(words.live, location), here = new URLSearchParams(location.search);
    here.set('shown', rows().map((each) => each.dataset.ref + '.' + each.dataset.mark).join());
    if (words.until) here.set('until', words.until);
    url.search = here;
    return url.href;
  };
  const send = () => {
    const common = { redirect: 'error', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) };
    if (isList) {
      const url = address(), known = url === asked ? { 'If-None-Match': etag } : {};
      asked = url;
      return fetch(url, { ...common, headers: { ...headers, ...known } });
    }
    const body = new URLSearchParams({ csrf_token: token(), act: words.act, hidden: document.hidden ? 'yes' : '' });
    return fetch(words.here, { ...common, method: 'POST', headers, body });
  };
  const take = (answer) => {
    if (isList) list(answer); else request(answer);
    count(answer.due);
    alarm(answer.ring);
  };
  const stale = () => {
    const isStale = Date.now() - heardAt > STALE, place = part('stale').querySelector('[role]');
    part('stale').hidden = !isStale;
    const text = isStale ? words.stale.replace('{}', updated.replace(/(\d:\d\d):\d\d/, '$1')) : '';
    if (place.textContent !== text) place.textContent = text;
    if (isStale) alarm(0);                                              // nobody knows any more what is due
  };
  const ask = async () => {
    isAsking = true;
    try {
      const answer = await send();
      const body = answer.status === 200 ? await answer.json() : null;
      if (!body && answer.status !== 304) throw new Error(answer.status);
      heardAt = Date.now();
      failures = 0;
      updated = answer.headers.get('X-Updated') || updated;
      etag = answer.headers.get('ETag') || '';
      const place = document.querySelector('.live time');
      if (place) place.textContent = updated;
      if (body && !isCovered()) take(body);
    } catch { failures += 1; asked = ''; }
    isAsking = false;
    pause();
    stale();
  };
  const turn = () => {
    if (isCovered()) { heardAt = Date.now(); nextAt = 0; sound(); return; }   // locked: lock.js asks
    if (!isAsking && Date.now() >= nextAt) ask();
    stale();
    sound();
  };
  addEventListener('online', () => { nextAt = 0; });
  addEventListener('pageshow', (event) => { if (event.persisted) nextAt = 0; });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) nextAt = 0; });
  pause();
  setInterval(turn, 1000);
})();
