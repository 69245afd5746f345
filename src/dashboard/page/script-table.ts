/** Sorts, filters and draws the rows. Row cells are HTML that the server has escaped. */
export const TABLE_SCRIPT = `
const MOST_ROWS = 300;
let view = VIEWS[0];
let limit = MOST_ROWS;
let read = false;
const chosen = new Map(VIEWS.map(({ id }) => [id, new Set()]));
const order = new Map(VIEWS.map(({ id, sort }) => [id, { ...sort }]));
const drawn = new Map();
const collator = new Intl.Collator('en', { numeric: true });

let due = 0;
function changed() {
  if (due === 0) due = setTimeout(() => { due = 0; draw(); }, 60);
}
function allRows() {
  const lists = new Map(VIEWS.map(({ id }) => [id, []]));
  for (const rows of resources.values()) for (const row of rows) lists.get(row.view)?.push(row);
  return lists;
}
function draw() {
  const lists = allRows();
  for (const { id } of VIEWS) document.querySelector('[data-number="' + id + '"]').textContent = lists.get(id).length;
  drawWaiting(lists.get('migrations').filter(({ state }) => state === 'waits'));
  const rows = lists.get(view.id);
  const words = $('search').value.toLowerCase().split(' ').filter((word) => word !== '');
  const found = rows.filter(({ text }) => words.every((word) => text.includes(word)));
  drawStates(found);
  const states = chosen.get(view.id);
  const kept = found.filter(({ state }) => states.size === 0 || states.has(state));
  const { column, descending } = order.get(view.id);
  const compare = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(a, b));
  kept.sort((a, b) => (descending ? -1 : 1) * compare(a.sort[column], b.sort[column]) || collator.compare(a.sort[0], b.sort[0]));
  drawRows(kept.slice(0, limit));
  const shown = Math.min(limit, kept.length);
  const count = rows.length === 0 ? (read ? view.empty : 'Reading…') : kept.length === 0 ? 'Nothing matches.' : shown + ' of ' + rows.length + ' shown';
  if ($('shown').textContent !== count) $('shown').textContent = count;
  $('more').hidden = kept.length <= limit;
  $('more').textContent = 'Show ' + (kept.length - limit) + ' more';
}
function drawWaiting(rows) {
  rows.sort((a, b) => collator.compare(a.sort[0], b.sort[0]));
  $('waiting').hidden = rows.length === 0;
  document.title = (rows.length > 0 ? '(' + rows.length + ') ' : '') + 'Database migrations';
  const title = rows.length === 1 ? '1 plan awaits approval' : rows.length + ' plans await approval';
  if ($('waiting-title').textContent !== title) $('waiting-title').textContent = title;
  const list = rows.slice(0, 5).map(({ cells }) => '<li>' + cells[0] + '</li>').join('') + (rows.length > 5 ? '<li><button type="button" id="all-waiting">Show all ' + rows.length + '</button></li>' : '');
  if ($('waiting-list').dataset.html === list) return;
  const had = $('waiting-list').contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  $('waiting-list').dataset.html = list;
  $('waiting-list').innerHTML = list;
  $('all-waiting')?.addEventListener('click', () => {
    chosen.set('migrations', new Set(['waits']));
    $('search').value = '';
    location.hash = '#/migrations';
    changed();
    $('content').focus();
  });
  if (had !== null) [...$('waiting-list').querySelectorAll('a')].find((link) => link.getAttribute('href') === had)?.focus();
}
function drawStates(rows) {
  const states = chosen.get(view.id);
  const wanted = STATES.filter((state) => view.states[state] !== undefined && (states.has(state) || rows.some((row) => row.state === state)));
  const had = document.activeElement?.dataset?.state;
  $('states').replaceChildren(...wanted.map((state) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.state = state;
    button.setAttribute('aria-pressed', String(states.has(state)));
    const sign = Object.assign(document.createElement('span'), { textContent: SIGNS[state] });
    sign.setAttribute('aria-hidden', 'true');
    button.append(sign, ' ' + view.states[state] + ' ' + rows.filter((row) => row.state === state).length);
    return button;
  }));
  if (had) $('states').querySelector('[data-state="' + had + '"]')?.focus();
}
$('states').addEventListener('click', ({ target }) => {
  const state = target.closest('button')?.dataset.state;
  if (state === undefined) return;
  const states = chosen.get(view.id);
  if (!states.delete(state)) states.add(state);
  limit = MOST_ROWS;
  draw();
});
function drawRows(rows) {
  const body = $('table').tBodies[0];
  const held = body.contains(document.activeElement) ? document.activeElement.closest('tr')?.dataset.id : undefined;
  const elements = rows.map((row) => {
    const html = row.cells.map((cell, at) => at === 0 ? '<th scope="row" role="rowheader">' + cell + '</th>' : '<td role="cell" data-label="' + view.columns[at] + '">' + cell + '</td>').join('');
    let element = drawn.get(row.id);
    if (element === undefined) {
      element = document.createElement('tr');
      element.setAttribute('role', 'row');
      element.dataset.id = row.id;
      drawn.set(row.id, element);
    }
    if (element.source !== html) {
      element.source = html;
      element.innerHTML = html;
      times(element);
    }
    return element;
  });
  const same = body.rows.length === elements.length && elements.every((element, at) => body.rows[at] === element);
  if (!same) body.replaceChildren(...elements);
  const wanted = new Set(rows.map(({ id }) => id));
  for (const id of drawn.keys()) if (!wanted.has(id)) drawn.delete(id);
  if (held !== undefined && !body.contains(document.activeElement)) drawn.get(held)?.querySelector('a')?.focus();
}
function drawHead() {
  const { column, descending } = order.get(view.id);
  $('table').caption.textContent = view.title;
  $('table').tHead.rows[0].replaceChildren(...view.columns.map((name, at) => {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.setAttribute('role', 'columnheader');
    if (at === column) cell.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    const button = Object.assign(document.createElement('button'), { type: 'button' });
    const arrow = Object.assign(document.createElement('span'), { textContent: at === column ? (descending ? ' ↓' : ' ↑') : '' });
    arrow.setAttribute('aria-hidden', 'true');
    button.append(name, arrow);
    button.addEventListener('click', () => {
      order.set(view.id, { column: at, descending: at === order.get(view.id).column && !order.get(view.id).descending });
      drawHead();
      $('table').tHead.rows[0].cells[at].querySelector('button').focus();
      draw();
    });
    cell.append(button);
    return cell;
  }));
  $('order').replaceChildren(...view.columns.flatMap((name, at) => [false, true].map((down) => new Option(name + (down ? ' ↓' : ' ↑'), at + ' ' + down, false, at === column && down === descending))));
}
$('order').addEventListener('change', () => {
  const [at, down] = $('order').value.split(' ');
  order.set(view.id, { column: Number(at), descending: down === 'true' });
  drawHead();
  draw();
});
$('search').addEventListener('input', () => { limit = MOST_ROWS; changed(); });
$('more').addEventListener('click', () => { limit = Infinity; draw(); });
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.closest('input, select, dialog')) return;
  event.preventDefault();
  $('search').focus();
});

const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60]];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
function times(root) {
  for (const element of root.querySelectorAll('time')) {
    const seconds = Math.round((Date.parse(element.dateTime) - Date.now()) / 1000);
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
    const text = unit === 'second' && seconds <= 0 ? 'just now' : relative.format(Math.trunc(seconds / size), unit);
    if (element.textContent !== text) element.textContent = text;
  }
}
setInterval(() => times(document), 20000);
for (const [element, role] of [[$('table'), 'table'], [$('table').tHead, 'rowgroup'], [$('table').tBodies[0], 'rowgroup'], [$('table').tHead.rows[0], 'row']]) element.setAttribute('role', role);
`;
