import { SIGNS, STATE_ORDER, VIEWS } from '../../core/dashboard/views.ts';
import { DETAIL_SCRIPT } from './script-detail.ts';
import { TABLE_SCRIPT } from './script-table.ts';

/** Reads the stream, and connects again; the rest of the script draws. */
const STREAM_SCRIPT = String.raw`
'use strict';
const $ = (id) => document.getElementById(id);
const KEY = 'db-manager key';
const SILENT_MS = 45000;
let csrf = '';
let approvals = false;
let greeted = false;
let lostAt;
const resources = new Map();

const given = /^#key=([A-Za-z0-9_-]+)$/.exec(location.hash);
if (given) {
  sessionStorage.setItem(KEY, given[1]);
  history.replaceState(null, '', location.pathname + location.search + '#/migrations');
}
const headers = (more) => {
  const key = sessionStorage.getItem(KEY);
  return { ...more, ...(key === null ? {} : { authorization: 'Bearer ' + key }) };
};
const clock = () => new Date().toLocaleTimeString([], { hour12: false });
function connection(text, bad) {
  if ($('connection').textContent !== text) $('connection').textContent = text;
  $('connection').className = bad ? 'bad' : 'soft';
  document.body.classList.toggle('old', bad);
}
function askToSignIn(answer) {
  sessionStorage.removeItem(KEY);
  resources.clear();
  changed();
  $('detail').close();
  $('board').hidden = true;
  $('sign-in').hidden = answer.signIn !== 'token';
  $('sign-in-why').textContent = answer.error;
  $('sign-in-help').textContent = answer.help || '';
  connection(answer.error, true);
  if (answer.signIn === 'token') $('token').focus();
}
$('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, $('token').value.trim());
  $('token').value = '';
  $('sign-in').hidden = true;
  follow();
});

let following = false;
async function follow() {
  if (following) return;
  following = true;
  for (let failures = 0; ; failures++) {
    if (failures > 0) await new Promise((go) => setTimeout(go, Math.min(15000, 500 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2)));
    const stop = new AbortController();
    let timer = setTimeout(() => stop.abort(), SILENT_MS);
    try {
      const response = await fetch('events', { headers: headers(), signal: stop.signal, cache: 'no-store' });
      if (response.status === 401 || response.status === 403) {
        askToSignIn(await response.json());
        break;
      }
      if (!response.ok) throw new Error((await response.text()).slice(0, 200));
      failures = 0;
      const seen = new Set();
      let rest = '';
      const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await text.read();
        if (done) break;
        clearTimeout(timer);
        timer = setTimeout(() => stop.abort(), SILENT_MS);
        const lines = (rest + value).split('\n');
        rest = lines.pop();
        for (const line of lines) receive(JSON.parse(line), seen);
      }
    } catch {
      // Reported below.
    }
    clearTimeout(timer);
    // This remains the time of the loss, for any number of retries.
    if (greeted) lostAt = clock();
    greeted = false;
    connection((lostAt ? 'The connection to db-manager was lost at ' + lostAt + '. The page shows the last known state.' : 'db-manager cannot be reached.') + ' Trying again…', true);
  }
  following = false;
}
function receive(message, seen) {
  switch (message.type) {
    case 'hello':
      ({ csrf, approvals } = message);
      $('place').textContent = message.place;
      $('foot').textContent = 'db-manager ' + message.version + (approvals ? '' : ', read-only');
      $('sign-in').hidden = true;
      $('board').hidden = false;
      break;
    case 'rows':
      for (const { key, rows } of message.resources) {
        seen?.add(key);
        if (rows.length === 0) resources.delete(key);
        else resources.set(key, rows);
        detailChanged(key);
      }
      changed();
      break;
    case 'complete':
      read = true;
      for (const key of [...resources.keys()]) if (!seen.has(key)) { resources.delete(key); detailChanged(key); }
      if (shown !== null) loadDetail();
      changed();
      break;
    case 'state':
      greeted = true;
      connection(message.text, message.bad);
      $('problems').hidden = message.notes.length === 0;
      if ($('problems').dataset.text !== message.notes.join('\n')) {
        $('problems').dataset.text = message.notes.join('\n');
        $('problems').replaceChildren(...message.notes.map((note) => Object.assign(document.createElement('li'), { textContent: note })));
      }
      break;
    case 'end':
      askToSignIn(message);
      break;
  }
}
addEventListener('online', follow);
`;

const CONSTANTS = `const VIEWS = ${JSON.stringify(VIEWS)};
const STATES = ${JSON.stringify(STATE_ORDER)};
const SIGNS = ${JSON.stringify(SIGNS)};
`;

export const SCRIPT = `${STREAM_SCRIPT}${CONSTANTS}${TABLE_SCRIPT}${DETAIL_SCRIPT}route();\nfollow();\n`;
