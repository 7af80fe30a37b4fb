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
    status.textContent = on.length === 0 ? '' : on.length === 1 ? status.dataset.one : status.dataset.more.replace('{n}', on.length);
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
  let view = boxes.some(box => box.checked) ? '' : 'back';
  const show = () => {
    turn.hidden = !small.matches;
    for (const side of ['front', 'back']) map.querySelector('.body-' + side).hidden = small.matches && side !== (view || 'back');
    turn.querySelectorAll('button').forEach(button => {
      button.classList.toggle('on', button.dataset.view === (view || 'back'));
      button.setAttribute('aria-pressed', String(button.dataset.view === (view || 'back')));
    });
  };
  turn.addEventListener('click', event => { const button = event.target.closest('button'); if (button) { view = button.dataset.view; show(); } });
  small.addEventListener('change', show);
  list.open = false; show(); paint();
}
