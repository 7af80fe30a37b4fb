// Do it now: counts, holds and rests. Without this file the same page leads from move to move by its links.
'use strict';
const form = document.querySelector('.go'), words = JSON.parse(form.dataset.words);
const seconds = 1000, READY = 3, SIDE = 5;
const say = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

// What a move consists of, one after the other: [what is shown, seconds, round, what is said once].
const score = dose => {
  const steps = [['ready', READY, 0, words.ready]];
  for (let round = 1; round <= dose.rounds; round++) {
    const told = say(words.round, { n: round, all: dose.rounds });
    for (let rep = 1; rep <= dose.reps; rep++) {
      if (dose.way) steps.push([rep + ' / ' + dose.reps, dose.way, round, rep === 1 ? told : '']);
      if (dose.hold >= 1) steps.push(['hold', dose.hold, round, dose.way ? '' : told + '. ' + words.hold]);
    }
    steps.push(['done', 0, round, '']);
    if (round === dose.rounds) break;
    const other = dose.sides === 2 && round % 2 === 1;
    steps.push([other ? 'side' : 'rest', other ? SIDE : Math.max(dose.rest, SIDE), round, other ? words.side : words.rest]);
  }
  return steps;
};

// Sound or vibration by choice, remembered on this phone alone.
const signals = [...document.querySelectorAll('.signal select')];
let ear;
const remembered = () => { try { return localStorage.getItem('signal') || ''; } catch { return ''; } };
const choose = value => {
  signals.forEach(each => { each.value = value; });
  try { localStorage.setItem('signal', value); } catch { /* a private window keeps nothing */ }
};
signals.forEach(each => {
  each.value = remembered();
  if (!navigator.vibrate) each.querySelector('[value=shake]').remove();
  each.addEventListener('change', () => choose(each.value));
});
const signal = long => {
  const kind = signals[0] && signals[0].value;
  if (kind === 'shake') navigator.vibrate(long ? 400 : 120);
  if (kind !== 'sound') return;
  ear ||= new AudioContext();
  const tone = ear.createOscillator(), gain = ear.createGain();
  tone.frequency.value = long ? 880 : 660; gain.gain.value = 0.15;
  tone.connect(gain).connect(ear.destination);
  tone.start(); tone.stop(ear.currentTime + (long ? 0.4 : 0.12));
};

// The screen stays on while a move runs.
let lock = null, running = null;
const awake = async on => {
  try {
    if (on && !lock) lock = await navigator.wakeLock.request('screen');
    if (!on && lock) { const held = lock; lock = null; await held.release(); }
  } catch { lock = null; }
};
document.addEventListener('visibilitychange', () => { if (!document.hidden) { lock = null; awake(Boolean(running)); } });

for (const coach of document.querySelectorAll('.coach')) {
  const dose = JSON.parse(coach.dataset.dose), steps = score(dose);
  const [count, told, run, freeze] = ['.count', '[role=status]', '.run', '.freeze'].map(name => coach.querySelector(name));
  const rounds = [...coach.querySelectorAll('.rounds button')];
  const press = (button, on) => button.setAttribute('aria-pressed', String(on));
  let at = 0, left = steps[0][1], since = 0, timer = 0;
  const show = () => {
    const [what] = steps[at], rest = Math.ceil(left), minutes = Math.floor(rest / 60);
    const clock = minutes ? minutes + ':' + String(rest % 60).padStart(2, '0') : String(rest);
    count.textContent = what in words ? words[what] + ' ' + clock : what;
  };
  const begin = () => {
    const [what, , round, text] = steps[at];
    left = steps[at][1];
    if (text) told.textContent = text;
    if (what === 'done') press(rounds[round - 1], true);
    signal(['done', 'rest', 'side'].includes(what));
  };
  const halt = () => {
    clearInterval(timer); timer = 0; running = null; awake(false);
    run.textContent = at ? words.on : words.start;
  };
  const end = () => {
    at = 0; left = steps[0][1]; halt();
    count.textContent = '✓'; told.textContent = words.over; signal(true);
  };
  const beat = () => {
    const now = performance.now();
    left -= (now - since) / seconds; since = now;
    while (left <= 0) {
      if (++at >= steps.length) { end(); return; }
      const over = left; begin(); left += over;
    }
    show();
  };
  const go = () => {
    if (running) running();
    if (at === 0) { rounds.forEach(each => press(each, false)); begin(); }
    since = performance.now(); timer = setInterval(beat, 200); running = halt; awake(true);
    run.textContent = words.pause; show();
  };
  run.addEventListener('click', () => { if (timer) halt(); else go(); });
  rounds.forEach(each => each.addEventListener('click', () => press(each, each.getAttribute('aria-pressed') !== 'true')));
  const picture = coach.closest('section').querySelector('img');
  if (!picture || matchMedia('(prefers-reduced-motion: reduce)').matches) freeze.remove();
  else freeze.addEventListener('click', () => {
    const still = freeze.getAttribute('aria-pressed') !== 'true', shown = picture.getAttribute('src');
    press(freeze, still);
    picture.src = picture.dataset.still; picture.dataset.still = shown;
  });
  coach.hidden = false;
}

// A new move: what ran stops, and who reads with the ears hears its name.
const arrive = () => {
  if (running) running();
  const place = document.getElementById(location.hash.slice(1) || 'move-1'), head = place && place.querySelector('h2');
  if (head) { head.focus({ preventScroll: true }); scrollTo(0, 0); }
  for (const row of document.querySelectorAll('[data-move]')) {
    const skip = form.querySelector(`[name="skip-${row.dataset.move}"]:checked`);
    row.hidden = Boolean(skip && skip.value);
  }
};
addEventListener('hashchange', arrive);
form.addEventListener('keydown', event => {
  if (event.key === 'Enter' && event.target.matches('input, select')) event.preventDefault();
});
if (location.hash) arrive();
