// Opens one client's plan where there is no network. The cache belongs to one link, and goes when the link has ended.
'use strict';
const here = new URL(registration.scope).pathname, CACHE = 'plan ' + here;
const ENDED = [404, 410];
const bare = request => request.mode === 'navigate' || request.url.endsWith('.svg') ? request.url.split('?')[0].split('#')[0] : request.url;
let gone = false; // what the page of an ended link loads is not kept again
const forget = async () => { gone = true; await caches.delete(CACHE); await registration.unregister(); };
// A phone without room keeps nothing, and reads on all the same.
const keep = async (request, answer) => {
  try { await (await caches.open(CACHE)).put(bare(request), answer); } catch { /* no room */ }
  if (gone) await caches.delete(CACHE); // the link ended while this was put there
};
const fresh = async request => {
  const answer = await fetch(request), ours = [here, here + '/go'].includes(new URL(request.url).pathname);
  if (ours && (ENDED.includes(answer.status) || answer.headers.has('Aftercare-Plan'))) await forget();
  else if (!gone && answer.status === 200 && !answer.redirected) await keep(request, answer.clone());
  return answer;
};
const kept = async request => (await (await caches.open(CACHE)).match(bare(request))) || Response.error();
addEventListener('install', () => skipWaiting());
addEventListener('activate', event => event.waitUntil(clients.claim()));
addEventListener('message', event => event.waitUntil(Promise.allSettled(event.data.map(url => fresh(new Request(url))))));
addEventListener('fetch', event => {
  if (event.request.method === 'GET' && new URL(event.request.url).origin === location.origin && !event.request.url.endsWith('.pdf')) {
    event.respondWith(fresh(event.request).catch(() => kept(event.request)));
  }
});
