// What the page that changes a plan does beyond its buttons: it moves lines without a round trip, by hand and by key.
"use strict";
const form = document.getElementById("editor");
const list = form.querySelector(".lines");
const lineOf = (name) => document.getElementById(`line-${name}`).closest(".line");

function say(line) {
  const said = document.getElementById("moved");
  document.getElementById("did")?.remove();
  const n = [...list.children].indexOf(line) + 1;
  said.textContent = said.dataset.moved.replace("{name}", line.querySelector("legend").textContent).replace("{n}", n);
}

function move(line, by) {
  const other = by < 0 ? line.previousElementSibling : line.nextElementSibling;
  if (!other) return;
  other[by < 0 ? "before" : "after"](line);
  form.dispatchEvent(new Event("input"));  // the order is kept, too
  say(line);
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=do]");
  const [act, name] = (button?.value || "").split(":");
  if (act !== "up" && act !== "down") return;
  event.preventDefault();
  move(lineOf(name), act === "up" ? -1 : 1);
  button.focus();
});

form.addEventListener("keydown", (event) => {
  const line = event.target.closest(".line");
  if (!line || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  move(line, event.key === "ArrowUp" ? -1 : 1);
  event.target.focus();
});

// A line is dragged by its picture or name: its fields stay fields, in which text can be marked.
let dragged = null;
list.querySelectorAll(".line > fieldset > :is(legend, .pair)").forEach((grip) => {
  grip.draggable = true;
  grip.addEventListener("dragstart", (event) => {
    dragged = grip.closest(".line");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", grip.parentElement.id);
  });
  grip.addEventListener("dragend", () => {
    if (dragged) { form.dispatchEvent(new Event("input")); say(dragged); }
    dragged = null;
  });
});
list.addEventListener("dragover", (event) => {
  const over = event.target.closest(".line");
  if (!dragged) return;
  event.preventDefault();
  if (!over || over === dragged) return;
  const box = over.getBoundingClientRect();
  over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
});
list.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });

// "Take out" is a button that stays pressed: the line goes when the change is kept.
form.querySelectorAll(".toggle input").forEach((box) => {
  const show = () => {
    box.setAttribute("aria-pressed", box.checked);
    box.closest(".line").classList.toggle("gone", box.checked);
  };
  box.setAttribute("role", "button");
  box.addEventListener("change", show);
  show();
});

const search = document.getElementById("look-for");
search.hidden = false;
document.querySelector("label[for=look-for]").hidden = false;
search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
search.addEventListener("input", () => {
  const wanted = search.value.trim().toLocaleLowerCase();
  document.querySelectorAll("#library .phase").forEach((phase) => {
    const rows = [...phase.querySelectorAll("li")];
    rows.forEach((row) => { row.hidden = !row.querySelector("b").textContent.toLocaleLowerCase().includes(wanted); });
    phase.hidden = rows.every((row) => row.hidden);
    phase.open = wanted !== "" && !phase.hidden;
  });
});

// A photo is made small before it is sent: a phone's own has more points than any page shows.
const MOST_POINTS = 1600;
const file = document.getElementById("media-own");
const large = document.getElementById("media-large");
file.addEventListener("change", async () => {
  const [photo] = file.files;
  large.hidden = !photo || photo.type.startsWith("image/") || photo.size <= Number(file.dataset.most);
  if (!large.hidden) file.value = "";
  if (!photo?.type.startsWith("image/")) return;
  try {
    const drawn = await createImageBitmap(photo);
    const share = Math.min(1, MOST_POINTS / Math.max(drawn.width, drawn.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [drawn.width * share, drawn.height * share].map(Math.round);
    canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
    const small = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.85); });
    const kept = new DataTransfer();
    kept.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
    if (small.size < photo.size || photo.type !== "image/jpeg") file.files = kept.files;
  } catch { /* as it is: the clinic's own server looks at it all the same */ }
});
