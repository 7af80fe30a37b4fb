// The link of a plan has ended: nothing of it stays on this phone, neither the pages nor what was ticked without network.
'use strict';
const plan = location.pathname.split('/').slice(0, 3).join('/'), QUEUE = 'ticks ' + plan;
try {
  if (localStorage.getItem(QUEUE)) {
    localStorage.removeItem(QUEUE);
    document.querySelectorAll('.dropped').forEach(each => { each.hidden = false; });
  }
} catch { /* a private window keeps nothing */ }
if ('caches' in window) caches.delete('plan ' + plan).catch(() => {});
if ('serviceWorker' in navigator) {
  navigator.serviceWorker.getRegistration(plan)
    .then(found => found && new URL(found.scope).pathname === plan && found.unregister()).catch(() => {});
}
