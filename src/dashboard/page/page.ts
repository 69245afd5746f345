import { VIEWS } from '../../core/dashboard/views.ts';
import { hashSource, html, htmlPage } from '../../core/report-page/html.ts';
import { STYLE as REPORT_STYLE } from '../../core/report-page/style.ts';
import { SCRIPT } from './script.ts';
import { STYLE as OWN_STYLE } from './style.ts';

const STYLE = REPORT_STYLE + OWN_STYLE;

/** The page without data, the same for every reader: its script asks for the data. Pure. */
export function dashboardPage() {
  // The value of the header Content-Security-Policy that allows this page and nothing else.
  const policy = [
    "default-src 'none'",
    `style-src ${hashSource(STYLE)}`,
    `script-src ${hashSource(SCRIPT)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const body = html`<a class="skip" href="#content">Skip to the content</a>
<header><p class="soft" id="place">db-manager</p><h1>Database migrations</h1>
<p id="connection" role="status">Connecting…</p>
<ul id="problems" aria-label="Problems" hidden></ul></header>
<main id="content" tabindex="-1">
<form id="sign-in" hidden><h2>Sign in</h2>
<p id="sign-in-why"></p>
<p><label for="token">Bearer token</label> <input id="token" type="password" autocomplete="off" spellcheck="false" required>
<button type="submit" class="strong">Sign in</button></p>
<p class="soft" id="sign-in-help"></p></form>
<div id="board" hidden>
<section id="waiting" aria-labelledby="waiting-title" hidden><h2 id="waiting-title"></h2><ul id="waiting-list"></ul></section>
<nav aria-label="Tables"><ul id="views">${VIEWS.map(({ id, title }) => html`<li><a href="#/${id}" data-view="${id}">${title} <span class="number" data-number="${id}">0</span></a></li>`)}</ul></nav>
<div id="tools"><label for="search">Search</label> <input id="search" type="search" autocomplete="off" placeholder="name, namespace, database, message">
<div id="states" role="group" aria-label="Filter by state"></div>
<label for="order" class="narrow">Sort by</label> <select id="order" class="narrow"></select></div>
<p id="shown" role="status"></p>
<div class="wide" role="region" aria-label="Table" tabindex="0"><table id="table"><caption></caption><thead><tr></tr></thead><tbody></tbody></table></div>
<p><button type="button" id="more" hidden></button></p>
</div></main>
<dialog id="detail" aria-labelledby="detail-title"><p class="close"><button type="button" id="close">Close</button></p><div id="detail-body"></div><p id="detail-news" role="status"></p></dialog>
<footer id="foot">db-manager</footer>`;
  const meta = [
    'name="viewport" content="width=device-width, initial-scale=1"',
    'name="referrer" content="no-referrer"',
  ];
  return { policy, html: htmlPage({ title: 'Database migrations', style: STYLE, script: SCRIPT, meta }, body) };
}
