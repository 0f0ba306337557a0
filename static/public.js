// The visitor's pages work without this file. It adds a faster way out, and a form that survives a lost connection.
(() => {
  // Leaving: the page goes blank before anything else happens, and its place in the history is taken over.
  const exit = document.querySelector('.exit');
  const leave = () => {
    const to = exit.href;
    document.documentElement.replaceChildren();
    location.replace(to);
  };
  let taps = 0, since = 0, alone = false;
  if (exit) {
    exit.addEventListener('click', event => { event.preventDefault(); leave(); });
    // Shift three times within five seconds. Any other key in between means that somebody is typing.
    addEventListener('keydown', event => {
      alone = event.key === 'Shift' && !event.ctrlKey && !event.altKey && !event.metaKey;
      if (!alone) taps = 0;
    });
    addEventListener('keyup', event => {
      if (event.key !== 'Shift' || !alone) return;
      if (!taps || event.timeStamp - since > 5000) { taps = 0; since = event.timeStamp; }
      if (++taps === 3) leave();
    });
  }

  const problem = document.getElementById('problem');
  if (problem) problem.focus();

  // Sending: the same token goes along on every try, so that trying again never asks twice.
  const form = document.querySelector('form[data-sending]');
  if (!form) return;
  const button = form.querySelector('.send .button'), said = form.querySelector('[role=alert]');
  let busy = false;
  const failed = number => {
    said.textContent = form.dataset.failed + (number ? ` ${form.dataset.number} ${number}` : '');
    button.textContent = form.dataset.again;
    busy = false;
  };
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    said.textContent = '';
    button.textContent = form.dataset.sending;
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 20000);
    try {
      const answer = await fetch(form.action, {
        method: 'POST', body: new URLSearchParams(new FormData(form)), credentials: 'omit', signal: stop.signal,
      });
      if (answer.redirected) return location.replace(answer.url);
      if (answer.status !== 422) return failed(answer.headers.get('X-Request-ID'));
      const page = await answer.text();
      // A field's #name in the address would take the focus from the summary.
      history.replaceState(null, '', form.action);
      document.open();
      document.write(page);
      document.close();
    } catch {
      failed();
    } finally {
      clearTimeout(timer);
    }
  });
})();
