// What the console does beyond plain pages: it refreshes lists, knows shortcuts, and asks before it ends a thing.
"use strict";
const live = document.getElementById("live");
// On a phone the menu is wider than the screen: the page that is open must be in sight.
document.querySelector(".bar [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

// Put fresh lines in place of the old ones; where somebody is stays where it is.
async function refresh() {
  if (document.hidden || !live) return;
  const at = document.activeElement && live.contains(document.activeElement)
    ? document.activeElement.closest("tr")?.id : null;
  const marked = live.querySelector(".at")?.id;
  try {
    const answer = await fetch(location.href, { headers: { "X-Fragment": "1" }, cache: "no-store", redirect: "error" });
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    live.replaceChildren(...page.body.childNodes);
    if (at) document.getElementById(at)?.querySelector("a")?.focus({ preventScroll: true });
    if (marked) document.getElementById(marked)?.classList.add("at");
  } catch { /* the next round will do */ }
}
if (live) setInterval(refresh, Number(live.dataset.live) * 1000);
document.addEventListener("visibilitychange", refresh);

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const focused = rows.findIndex((row) => row.contains(document.activeElement));
  const now = focused < 0 ? rows.findIndex((row) => row.classList.contains("at")) : focused;
  const next = rows[Math.min(rows.length - 1, Math.max(0, now + by))];
  mark(next);
  next.scrollIntoView({ block: "nearest" });
}

function mark(row) {
  document.querySelectorAll(".at").forEach((one) => one.classList.remove("at"));
  row.classList.add("at");
  (row.querySelector("a") || row.querySelector("button"))?.focus({ preventScroll: true });
}

// What was settled leaves the list: the page comes back at the line that was next, which the redirect keeps.
document.addEventListener("submit", (event) => {
  const next = event.target.closest("section[data-row]")?.nextElementSibling;
  if (next?.matches("[data-row][id]")) event.target.action = `${event.target.action.split("#")[0]}#${next.id}`;
});
const wrong = document.querySelector("main [aria-invalid=true]") || document.querySelector("main [role=alert]");
const here = document.getElementById(location.hash.slice(1));
if (here?.matches("section[data-row]")) addEventListener("load", () => {
  if (!wrong) return mark(here);
  wrong.scrollIntoView({ block: "center" });
  wrong.focus({ preventScroll: true });
});

let before = "";
document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, dialog[open]")) return;
  const keys = `${before} ${event.key}`.trim();
  before = event.key === "g" ? "g" : "";
  if (event.key === "?") document.getElementById("keys")?.showModal();
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else {
    const found = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === keys);
    if (!found) return;
    event.preventDefault();
    if (found.matches("a")) found.click(); else { found.focus(); found.scrollIntoView({ block: "center" }); }
  }
});

// What is typed into a form that takes a while is kept at the clinic until it is sent: nothing of it on this device.
for (const form of document.querySelectorAll("form[data-keep]")) {
  let soon = 0;
  const keep = () => {
    clearTimeout(soon);
    soon = 0;
    const words = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    fetch(form.dataset.keep, { method: "POST", body: new URLSearchParams(words), keepalive: true, redirect: "manual" })
      .catch(() => { /* with the next word, or when it is sent */ });
  };
  form.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(keep, 800); });
  form.addEventListener("submit", () => { clearTimeout(soon); soon = 0; });
  addEventListener("pagehide", () => { if (soon) keep(); });
  if ("changed" in form.dataset) keep();
}

// What can be taken back only for a while is offered only for a while.
document.querySelectorAll("[data-gone]").forEach((one) => setTimeout(() => one.remove(), Number(one.dataset.gone) * 1000));

document.addEventListener("submit", (event) => {
  const ask = event.submitter?.dataset.ask || event.target.dataset.ask;
  if (ask && !confirm(ask)) event.preventDefault();
});

// Clients are found while somebody types; without a script Enter does the same.
const searching = document.querySelector("form[data-search]");
if (searching) {
  const list = document.getElementById(searching.dataset.search);
  const field = searching.elements.q;
  const lists = document.querySelector("main nav");
  let [asked, last, waiting] = [null, field.value.trim(), 0];
  const find = async () => {
    const text = field.value.trim();
    if (text === last) return;
    last = text;
    history.replaceState({ q: text }, "");  // for who comes back; an address with a name in it stays in lists
    asked?.abort();
    asked = new AbortController();
    const url = `${location.pathname}?${new URLSearchParams({ q: text })}`;
    try {
      const answer = await fetch(url, { headers: { "X-Fragment": "1" }, cache: "no-store", redirect: "error", signal: asked.signal });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      list.replaceChildren(...page.body.childNodes);
      document.getElementById("count").textContent = list.querySelector("[data-count]")?.textContent || "";
      if (lists) lists.hidden = text !== "";
    } catch { /* Enter asks for the whole page */ }
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, 200);
  });
  field.value ||= history.state?.q || "";
  find();
}

// A new clinic is most often where its first browser is.
const zone = document.querySelector("select[name=CLINIC_ZONE]");
const near = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !zone.value && [...zone.options].some((one) => one.value === near)) zone.value = near;
