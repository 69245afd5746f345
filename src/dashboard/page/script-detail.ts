/** The view and the details that the address names, and approvals. */
export const DETAIL_SCRIPT = `
let shown = null;
let asked = null;
let latest = 0;
function route() {
  const [id, ...rest] = location.hash.replace(/^#[/]?/, '').split('/').map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  const next = VIEWS.find((one) => one.id === id) ?? VIEWS[0];
  if (next !== view || $('table').tHead.rows[0].cells.length === 0) {
    view = next;
    limit = MOST_ROWS;
    drawn.clear();
    drawHead();
  }
  for (const link of document.querySelectorAll('#views a')) {
    if (link.dataset.view === view.id) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (rest.length === 3) openDetail(rest.join('/'), rest);
  else if ($('detail').open) $('detail').close();
  draw();
}
addEventListener('hashchange', route);

function openDetail(key, parts) {
  if (shown?.key === key) return;
  shown = { key, parts };
  asked = null;
  $('detail-body').innerHTML = '<h2 id="detail-title">' + 'Loading…' + '</h2>';
  $('detail-body').dataset.html = '';
  news('');
  if (!$('detail').open) $('detail').showModal();
  loadDetail();
}
$('close').addEventListener('click', () => $('detail').close());
$('detail').addEventListener('click', ({ target }) => { if (target === $('detail')) $('detail').close(); });
$('detail').addEventListener('close', () => {
  shown = null;
  if (location.hash.split('/').length > 2) history.replaceState(null, '', '#/' + view.id);
});
function news(text) {
  if ($('detail-news').textContent !== text) $('detail-news').textContent = text;
}
let detailDue = 0;
function detailChanged(key) {
  if (shown?.key === key && detailDue === 0) detailDue = setTimeout(() => { detailDue = 0; loadDetail(); }, 150);
}
async function loadDetail() {
  if (shown === null || csrf === '') return;
  const { key, parts: [kind, namespace, name] } = shown;
  const turn = ++latest;
  let response;
  try {
    response = await fetch('resource?' + new URLSearchParams({ kind, namespace, name }), { headers: headers(), cache: 'no-store' });
    var answer = await response.json();
  } catch {
    return news('The details cannot be loaded now: the connection is lost.');
  }
  if (turn !== latest || shown?.key !== key) return;
  if (!response.ok) {
    for (const button of $('detail-body').querySelectorAll('button')) button.disabled = true;
    if ($('detail-body').dataset.html === '') $('detail-title').textContent = name;
    return news(answer.error);
  }
  const body = $('detail-body');
  if (body.dataset.html === answer.html) return;
  const first = body.dataset.html === '';
  const focused = body.contains(document.activeElement) ? document.activeElement.dataset.approve : undefined;
  const open = [...body.querySelectorAll('details')].filter((one) => one.open).map((one) => one.querySelector('summary').textContent.split(' (')[0]);
  body.dataset.html = answer.html;
  body.innerHTML = answer.html;
  times(body);
  for (const one of body.querySelectorAll('details')) one.open = open.includes(one.querySelector('summary').textContent.split(' (')[0]);
  if (first) $('detail').scrollTop = 0;
  if (first) $('detail-title').focus();
  const digest = $('approve')?.dataset.digest;
  if (asked !== null && digest === asked) {
    sure(true);
    body.querySelector('[data-approve="' + (focused ?? 'no') + '"]')?.focus();
  } else if (asked !== null) {
    asked = null;
    if (digest !== undefined) news('The plan has changed. Review it again.');
  }
}
function sure(yes) {
  $('approve-sure').hidden = !yes;
  $('approve').querySelector('[data-approve="ask"]').hidden = yes;
}
$('detail-body').addEventListener('click', async ({ target }) => {
  const what = target.closest('button')?.dataset.approve;
  if (what === undefined) return;
  if (what === 'ask') {
    asked = $('approve').dataset.digest;
    sure(true);
    return $('approve').querySelector('[data-approve="yes"]').focus();
  }
  if (what === 'no') {
    asked = null;
    sure(false);
    return $('approve').querySelector('[data-approve="ask"]').focus();
  }
  const at = shown;
  const { parts: [, namespace, name] } = at;
  const digest = $('approve').dataset.digest;
  asked = null;
  for (const button of $('approve').querySelectorAll('button')) button.disabled = true;
  news('Approving…');
  try {
    const response = await fetch('approve', { method: 'POST', headers: headers({ 'content-type': 'application/json', 'x-csrf-token': csrf }), body: JSON.stringify({ namespace, name, digest }) });
    const answer = await response.json();
    if (shown !== at) return;
    news(response.ok ? 'Approved. The operator starts the run.' : 'Not approved: ' + answer.error);
    if (!response.ok && $('approve')) {
      for (const button of $('approve').querySelectorAll('button')) button.disabled = false;
      sure(false);
    }
  } catch {
    if (shown !== at) return;
    news('The answer is not known: the connection was lost. The details show whether the plan was approved.');
  }
  loadDetail();
});
`;
