// Makes pages nicer; every page works without this file.
'use strict';
document.documentElement.classList.add('js');

const problem = document.querySelector('.err, .stop[role=alert]');
if (problem) { problem.tabIndex = -1; problem.focus(); }

// "None of these" and anything else exclude each other.
for (const box of document.querySelectorAll('input[type=checkbox]')) {
  box.addEventListener('change', () => {
    if (!box.checked) return;
    for (const other of document.getElementsByName(box.name)) {
      if (other !== box && other.checked && ('alone' in box.dataset || 'alone' in other.dataset)) other.checked = false;
    }
  });
}

// One tap sends once.
for (const form of document.forms) {
  form.addEventListener('submit', event => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = '1';
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
}

// In another language the page shows the same place again, and keeps what stands in its other forms too.
addEventListener('submit', event => {
  const form = event.target, button = event.submitter;
  if (!button || button.name !== 'read_in') return;
  button.formAction = button.formAction.split('#')[0] + location.hash;
  form.addEventListener('formdata', ({ formData }) => {
    for (const other of document.forms) {
      if (other !== form) new FormData(other).forEach((value, name) => { if (name !== 'form_key') formData.append(name, value); });
    }
  }, { once: true });
});

// Back shows a page that the browser kept: it may be sent again.
addEventListener('pageshow', () => { for (const form of document.forms) delete form.dataset.sent; });

// A question that an answer on the same screen brings up. The condition: ["and"|"or"|"not"|sign, ...].
const given = name => [...document.getElementsByName(name)]
  .filter(box => box.type === 'radio' || box.type === 'checkbox' ? box.checked : box.value.trim()).map(box => box.value);
const fits = (value, wanted) => [value, value.replace(/_[lr]$/, '')].some(one =>
  new RegExp('^' + wanted.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*') + '$').test(one));
const compare = { '>=': (a, b) => a >= b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '<': (a, b) => a < b };
const holds = when => {
  if (!Array.isArray(when)) return when;
  const [sign, ...rest] = when;
  if (sign === 'and') return rest.every(holds);
  if (sign === 'or') return rest.some(holds);
  if (sign === 'not') return !holds(rest[0]);
  const [name, ...wanted] = rest, values = given(name), number = sign.replace('count ', '');
  if (sign === 'answered') return values.length > 0;
  if (sign === '=') return values.some(value => wanted.some(one => fits(value, one)));
  if (sign === '!=') return values.length > 0 && !values.some(value => wanted.some(one => fits(value, one)));
  if (number === sign) return values.some(value => compare[sign](Number(value), Number(wanted[0])));
  const count = values.filter(value => !['no', 'none', 'na'].includes(value)).length;
  return count > 0 && compare[number](count, Number(wanted[0]));
};
for (const later of document.querySelectorAll('[data-show-if]')) {
  const when = JSON.parse(later.dataset.showIf), form = later.closest('form');
  const look = () => { later.disabled = later.hidden = !holds(when); };
  form.addEventListener('input', look);
  form.addEventListener('change', look);
  look();
}

// A finger or mouse that taps the last answer of a screen goes on; a key never does.
let finger = -Infinity;
addEventListener('pointerdown', event => { finger = event.timeStamp; }, true);
addEventListener('keydown', () => { finger = -Infinity; }, true);
const answered = question => {
  const boxes = [...question.querySelectorAll('input, textarea')], typed = boxes.filter(box => !['radio', 'checkbox'].includes(box.type));
  return typed.length ? typed.every(box => box.value.trim()) : boxes.some(box => box.checked);
};
for (const form of document.querySelectorAll('form[data-go-on]')) {
  form.addEventListener('change', event => {
    const box = event.target;
    if (event.timeStamp - finger > 1000 || !(box.type === 'radio' || 'alone' in box.dataset && box.checked)) return;
    if (form.querySelector('.more[open]')) return;
    const asked = [...form.querySelectorAll('.q, .row-q')].filter(question => !question.closest('[disabled], .more'));
    if (asked.every(answered)) form.requestSubmit();
  });
}

for (const map of document.querySelectorAll('.maps')) {
  const field = map.closest('fieldset');
  const boxes = [...field.querySelectorAll('input[type=checkbox]')];
  const [status, chips, list] = ['.status', '.chips', 'details.list'].map(name => field.querySelector(name));
  const shapes = id => map.querySelectorAll(`[data-region="${id}"]`);
  const name = box => box.closest('label').textContent.trim();
  const paint = () => {
    const on = boxes.filter(box => box.checked);
    boxes.forEach(box => shapes(box.value).forEach(shape => shape.classList.toggle('on', box.checked)));
    chips.replaceChildren(...on.map(box => {
      const chip = document.createElement('button');
      chip.type = 'button'; chip.className = 'chip'; chip.textContent = name(box) + ' ✕';
      chip.setAttribute('aria-label', chips.dataset.remove + ': ' + name(box));
      chip.addEventListener('click', () => { box.checked = false; paint(); });
      return chip;
    }));
    const forms = JSON.parse(status.dataset.forms), form = forms[new Intl.PluralRules(document.documentElement.lang).select(on.length)] || forms.other;
    status.textContent = on.length === 0 ? '' : form.replace('{n}', on.length);
  };
  map.addEventListener('click', event => {
    const shape = event.target.closest('.body-hit');
    const box = shape && boxes.find(each => each.value === shape.dataset.for);
    if (box) { box.checked = !box.checked; paint(); }
  });
  boxes.forEach(box => {
    box.addEventListener('change', paint);
    box.addEventListener('focus', () => shapes(box.value).forEach(shape => shape.classList.add('hot')));
    box.addEventListener('blur', () => shapes(box.value).forEach(shape => shape.classList.remove('hot')));
  });
  // On a phone one side of the body at a time, so that every place is large enough to tap.
  const turn = map.querySelector('.turn'), small = matchMedia('(max-width: 40rem)');
  let view = '';
  const show = () => {
    turn.hidden = !small.matches;
    for (const side of ['front', 'back']) map.querySelector('.body-' + side).hidden = small.matches && side !== (view || 'front');
    turn.querySelectorAll('button').forEach(button => {
      button.classList.toggle('on', button.dataset.view === (view || 'front'));
      button.setAttribute('aria-pressed', String(button.dataset.view === (view || 'front')));
    });
  };
  turn.addEventListener('click', event => { const button = event.target.closest('button'); if (button) { view = button.dataset.view; show(); } });
  small.addEventListener('change', show);
  list.open = false; show(); paint();
}
