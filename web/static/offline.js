// Keeps the plan for a place without network, and what is ticked there until there is one again.
'use strict';
const own = document.querySelector('[data-plan]'), plan = own.dataset.plan, QUEUE = 'ticks ' + plan;
const queue = () => { try { return JSON.parse(localStorage.getItem(QUEUE)) || []; } catch { return []; } };
const keep = waiting => { try { waiting.length ? localStorage.setItem(QUEUE, JSON.stringify(waiting)) : localStorage.removeItem(QUEUE); } catch { /* a private window keeps nothing */ } };
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
const send = async () => {
  let waiting = queue();
  while (waiting.length) {
    let answer;
    try { answer = await fetch(waiting[0].to, { method: 'POST', body: new URLSearchParams(waiting[0].said) }); } catch { return; }
    if (answer.status >= 500) return;
    waiting = queue().slice(1); keep(waiting);
    if (!waiting.length) location.replace(answer.redirected ? answer.url : plan + '#today');
  }
};
for (const form of document.querySelectorAll('form[data-later]')) {
  form.addEventListener('submit', event => {
    if (navigator.onLine) return;
    event.preventDefault();
    const said = [...new FormData(form)].map(([name, value]) => [name, name === 'day' ? day(value === 'yesterday' ? 1 : 0) : value]);
    if (!said.some(([name]) => name === 'day')) said.push(['day', day(0)]);
    keep([...queue(), { to: form.action, said }]);
    document.querySelectorAll('.later-kept').forEach(each => { each.hidden = false; each.focus(); });
  });
}
addEventListener('online', send);
if (navigator.onLine) send();
