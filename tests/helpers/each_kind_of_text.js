// Elements of a page: so many of each kind of text. Of one colour and size, on one ground, none differs in contrast.
samples => {
  const grounds = new Map([[null, '']]), counted = new Map();
  const look = (each, ...names) => names.map(name => getComputedStyle(each)[name]).join();
  const has_text = each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const ground = each => {
    if (!grounds.has(each)) {
      const own = look(each, 'backgroundColor', 'backgroundImage', 'opacity', 'filter', 'mixBlendMode');
      const plain = own === 'rgba(0, 0, 0, 0),none,1,none,normal';
      grounds.set(each, ground(each.parentElement) + (plain ? '' : `|${own}`));
    }
    return grounds.get(each);
  };
  const kind = each => [
    ground(each),
    look(each, 'color', 'fontSize', 'fontWeight', 'textShadow', 'textDecorationLine'),
    look(each, 'position', 'clip', 'clipPath'), each.getBoundingClientRect().right > 0,
    each.matches('a, input, select, textarea, button') && each.tagName,
    each.parentElement.tagName, has_text(each.parentElement), // what a link is told from
    look(each.parentElement, 'color', 'textDecorationLine'),
    !!each.closest(':disabled, [aria-disabled=true]'), !!each.closest('label')?.control?.disabled,
  ].join(' ');
  return [...document.body.querySelectorAll('*')].filter(each => {
    if (!(has_text(each) || each.matches('input, select, textarea')) || !each.checkVisibility()) return false;
    counted.set(kind(each), (counted.get(kind(each)) ?? 0) + 1);
    return counted.get(kind(each)) <= samples;
  });
}
