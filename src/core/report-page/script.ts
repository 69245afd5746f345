/** Zooms the diagram, opens a migration that a link names, and opens everything before printing. */
export const SCRIPT = `
'use strict';
for (const diagram of document.querySelectorAll('.diagram')) {
  const drawing = diagram.querySelector('svg');
  const [width, height] = ['width', 'height'].map((name) => Number(drawing.getAttribute(name)));
  let scale = 1;
  const zoom = (to) => {
    scale = Math.min(4, Math.max(0.1, to));
    drawing.setAttribute('width', width * scale);
    drawing.setAttribute('height', height * scale);
    document.getElementById('zoom-now').textContent = Math.round(scale * 100) + ' %';
  };
  const actions = { in: () => zoom(scale * 1.25), out: () => zoom(scale / 1.25), fit: () => zoom((diagram.clientWidth - 4) / width), full: () => zoom(1) };
  for (const button of document.querySelectorAll('[data-zoom]')) button.addEventListener('click', actions[button.dataset.zoom]);
  diagram.addEventListener('keydown', ({ key }) => {
    if (key === '+') actions.in();
    if (key === '-') actions.out();
    if (key === '0') actions.full();
  });
}
const all = (open) => document.querySelectorAll('details').forEach((one) => { one.open = open; });
document.getElementById('open-all')?.addEventListener('click', () => all(true));
document.getElementById('close-all')?.addEventListener('click', () => all(false));
const show = () => {
  const wanted = location.hash === '' ? null : document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const closed = wanted?.closest('details');
  if (closed) { closed.open = true; wanted.scrollIntoView(); }
};
addEventListener('hashchange', show);
addEventListener('beforeprint', () => all(true));
show();
`;
