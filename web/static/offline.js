// Keeps the plan for a place without network, and what is ticked there until there is one again.
'use strict';
const own = document.querySelector('[data-plan]'), plan = own.dataset.plan, QUEUE = 'ticks ' + plan;
const queue = () => { try { return JSON.parse(localStorage.getItem(QUEUE)) || []; } catch { return []; } };
const keep = waiting => { // false where nothing is kept, as in a private window or on a full phone
  try { waiting.length ? localStorage.setItem(QUEUE, JSON.stringify(waiting)) : localStorage.removeItem(QUEUE); return true; } catch { return false; }
};
const urls = () => {
  const shown = [...document.querySelectorAll('link[rel=stylesheet], script[src], img[src]')].map(each => each.href || each.src);
  return [plan, plan + '/go', own.dataset.style, own.dataset.script, ...shown, ...shown.filter(url => url.includes('/moving/')).map(url => url.replace('/moving/', '/still/'))];
};

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register(plan + '/worker.js', { scope: plan })
    .then(() => navigator.serviceWorker.ready).then(ready => ready.active.postMessage(urls())).catch(() => {});
}

// The day on this phone: what is sent tomorrow was done today.
const day = back => { const now = new Date(); now.setDate(now.getDate() - back); return new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10); };
const ENDED = [404, 410], BUSY = 429, FAILED = 500;
const sendAll = async () => {
  let waiting = queue();
  while (waiting.length) {
    const body = new URLSearchParams(waiting[0].said), key = document.querySelector('[name=form_key]');
    if (key) body.set('form_key', key.value); // of the page of now
    let answer;
    try { answer = await fetch(waiting[0].to, { method: 'POST', body }); } catch { return; }
    if (answer.status === BUSY || answer.status >= FAILED) return;
    // The page of an ended link says that what was kept could not be sent, and drops it.
    if (ENDED.includes(answer.status) || answer.headers.has('Aftercare-Plan')) { location.replace(plan); return; }
    // Another page may have sent it too, or kept more meanwhile.
    const sent = JSON.stringify(waiting[0]), at = (waiting = queue()).findIndex(each => JSON.stringify(each) === sent);
    if (at >= 0) waiting.splice(at, 1);
    keep(waiting);
    // What a day led to is read first; the next is sent when the plan is opened again.
    if (answer.redirected && new URL(answer.url).pathname === plan + '/day') { location.replace(answer.url); return; }
    if (!waiting.length) location.replace(answer.redirected ? answer.url : plan + '#today');
  }
};
// One page at a time, where the browser can tell.
const send = () => navigator.locks ? navigator.locks.request(QUEUE, { ifAvailable: true }, lock => lock && sendAll()) : sendAll();
for (const form of document.querySelectorAll('form[data-later]')) {
  form.addEventListener('submit', event => {
    if (navigator.onLine) return;
    if (event.submitter && event.submitter.name === 'read_in') { event.preventDefault(); return; } // the other language is not on this phone
    const said = [...new FormData(form)].map(([name, value]) => [name, name === 'day' ? day(value === 'yesterday' ? 1 : 0) : value]);
    if (!said.some(([name]) => name === 'day')) said.push(['day', day(0)]);
    if (!keep([...queue(), { to: form.action, said }])) return; // nothing is promised: the browser says that it has no network
    event.preventDefault();
    document.querySelectorAll('.later-kept').forEach(each => { each.hidden = false; each.focus(); });
  });
}
// What another link's page kept for more than a week counts for nothing any more.
try {
  for (const name of Object.keys(localStorage).filter(each => each.startsWith('ticks ') && each !== QUEUE)) {
    const days = JSON.parse(localStorage.getItem(name)).flatMap(each => each.said).filter(([field]) => field === 'day');
    if (days.every(([, when]) => when < day(7))) localStorage.removeItem(name);
  }
} catch { /* a private window keeps nothing */ }
addEventListener('online', send);
if (navigator.onLine) send();
