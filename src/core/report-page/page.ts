/**
 * The page of a run: one HTML file without network access, for a browser, a phone, a printer and a screen reader. Pure.
 */
import { bytesText } from '../model/bytes.ts';
import { count } from '../model/count.ts';
import { REASONS } from '../model/reason.ts';
import type { KeptReport } from '../model/run-details.ts';
import { svg } from '../schema/diagram/svg.ts';
import {
  bar,
  Html,
  hashSource,
  html,
  htmlPage,
  idOf,
  secondsText,
  section,
  table,
  timeText,
  withCode,
} from './html.ts';
import { CLASS, failurePart, findingPart, migrationsPart } from './migrations.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

const RESULT = { succeeded: '✓ Succeeded', blocked: '■ Blocked', failed: '✗ Failed' } as const;

/** The HTML of a run's page. Literals and secrets of `report` appear as they are: see `redactKeptReport`. */
export function reportPage(report: KeptReport): string {
  const { result, database, reason, finishedAt } = report;
  const title = `${RESULT[result].slice(2)}: ${database ?? 'migration'} (${reason})`;
  const policy = `default-src 'none'; style-src ${hashSource(STYLE)}; script-src ${hashSource(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const body = html`<a class="skip" href="#content">Skip to the content</a>
<header><p class="soft">Report of a migration run</p></header>
<main id="content">
${verdictPart(report)}
${timelinePart(report)}
${findingsPart(report)}
${migrationsPart(report)}
${schemaPart(report)}
${backupPart(report)}
${checksPart(report)}
</main>
<footer>db-manager ${report.toolVersion}, run ${report.runId}, attempt ${report.attempt}, finished at ${timeText(finishedAt)}</footer>`;
  const meta = [
    `http-equiv="Content-Security-Policy" content="${policy}"`,
    'name="viewport" content="width=device-width, initial-scale=1"',
  ];
  return htmlPage({ title, style: STYLE, script: SCRIPT, meta }, body);
}

function verdictPart(report: KeptReport): Html {
  const { result, reason, message, startedAt, finishedAt, touched, dryRun, currentRevision, targetRevision } = report;
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  const applied = report.applied.length;
  const planned = (report.plan?.migrations.length ?? 0) + (report.plan?.more ?? 0);
  const reverted = report.plan?.direction === 'down';
  return html`<h1>${report.database ?? 'The database is not known'}</h1>
<div class="verdict ${result}"><p class="word">${RESULT[result]}: ${reason}</p>
<p>${message}</p>
<p><span class="word">What to do next:</span> ${nextPart(report)}</p></div>
${!isInMigration(report) && failurePart(report)}
<dl><dt>The database was changed</dt><dd>${touched ? 'yes' : 'no'}${dryRun && ' (dry run)'}</dd>
<dt>Revision now</dt><dd>${currentRevision ?? 'not known'}</dd>
<dt>Target</dt><dd>${targetRevision ?? 'not known'}</dd>
<dt>Migrations</dt><dd>${applied} of ${planned} ${reverted ? 'reverted' : 'applied'}</dd>
<dt>Started</dt><dd><time datetime="${startedAt}">${timeText(startedAt)}</time></dd>
<dt>Duration</dt><dd>${secondsText(seconds)}</dd>
${report.plan !== undefined && html`<dt>Digest of the plan</dt><dd><code>${report.plan.digest}</code></dd>`}</dl>`;
}

/** The failure is shown with its migration if the plan has that migration. */
function isInMigration({ failure, plan }: KeptReport): boolean {
  return (
    failure === undefined || (failure.migration !== undefined && (plan?.migrations ?? []).includes(failure.migration))
  );
}

function nextPart({ reason, failure }: KeptReport): Html {
  const migration = failure?.migration;
  return html`${withCode(REASONS[reason].help)}${migration !== undefined && html` See <a href="#${idOf(`migration-${migration}`)}">${migration}</a>.`}`;
}

function timelinePart({ steps }: KeptReport): Html | undefined {
  const longest = Math.max(...steps.map(({ seconds }) => seconds), 0);
  const rows = table(
    'Steps of the run, in order',
    ['Step', 'Result', 'Time', 'Share', 'What happened'],
    steps.map(({ step, kind, seconds, message }) => [
      step,
      html`<span class="${kind === 'failed' ? 'word bad' : kind === 'blocked' ? 'word warn' : ''}">${kind}</span>`,
      secondsText(seconds),
      bar(seconds, longest, kind),
      message,
    ]),
  );
  return section(html`<h2 id="steps">Steps</h2>`, rows);
}

function findingsPart({ safety, findings: counts }: KeptReport): Html | undefined {
  if (safety === undefined) return undefined;
  const { findings, result } = safety;
  const outside = findings.filter(({ migration }) => migration === undefined);
  const more = counts === undefined ? 0 : counts.error + counts.warning + counts.notice - findings.length;
  return html`<h2 id="findings">Findings of the safety rules</h2>
<p>Result: ${result}. ${findings.length === 0 && 'No findings.'}</p>
${table(
  'Findings, the most severe first',
  ['Severity', 'Rule', 'Migration', 'What happens'],
  findings
    .filter(({ migration }) => migration !== undefined)
    .map(({ severity, rule, migration = '', message }) => [
      html`<span class="word ${CLASS[severity]}">${severity}</span>`,
      rule,
      html`<a href="#${idOf(`migration-${migration}`)}">${migration}</a>`,
      message,
    ]),
)}
${outside.map(findingPart)}
${more > 0 && html`<p>This report omits ${count(more, 'more finding')}.</p>`}`;
}

function schemaPart({ details, schema, rehearsal }: KeptReport): Html | undefined {
  const change = details?.schema;
  const before = schema?.before ?? [];
  const after = schema?.after ?? [];
  if (change === undefined && before.length + after.length === 0) return undefined;
  const drawing = change !== undefined && change.diagram.boxes.length > 0 ? new Html(svg(change.diagram)) : undefined;
  return html`<h2 id="schema">Schema</h2>
${change !== undefined && html`<p>${change.changes.length === 0 ? 'The migrations change no object that the comparison covers.' : `Changes of the schema${rehearsal === undefined ? '' : ', seen on the copy'}.`}</p>`}
${
  change !== undefined &&
  table(
    'What changes',
    ['Object', 'Before', 'After'],
    change.changes.map((one) => [one.what, one.before, one.after]),
  )
}
${
  drawing !== undefined &&
  html`<p><button type="button" data-zoom="in">Zoom in</button> <button type="button" data-zoom="out">Zoom out</button> <button type="button" data-zoom="fit">Fit</button> <button type="button" data-zoom="full">Full size</button> <span id="zoom-now" class="soft" aria-live="polite">100 %</span></p>
<p class="soft">+ is added, − is removed, ~ is changed. Tables without a sign are referenced by them.</p>
<div class="diagram" role="region" tabindex="0" aria-label="Diagram of the tables that change">${drawing}</div>`
}
${listPart('Differences from the expected schema before the run', before)}
${listPart('Differences from the expected schema after the run', after)}`;
}

function listPart(title: string, items: readonly string[]): Html | undefined {
  return items.length === 0 ? undefined : html`<p>${title}:</p><ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

const PROOF = {
  Rehearsal: 'restored in this run',
  Checksum: 'the checksum was computed; it was not restored in this run',
} as const;

function backupPart({ backup, rehearsal }: KeptReport): Html {
  const rows =
    backup === undefined
      ? html`<dt>Backup</dt><dd>none was taken in this run</dd>`
      : html`<dt>Name</dt><dd><code>${backup.name}</code></dd>
<dt>Place</dt><dd><code>${backup.path}</code></dd>
<dt>Size</dt><dd>${bytesText(backup.sizeBytes)}</dd>
<dt>SHA-256</dt><dd><code>${backup.sha256}</code></dd>
<dt>Taken at</dt><dd><time datetime="${backup.takenAt}">${timeText(backup.takenAt)}</time></dd>
<dt>Proof</dt><dd>${PROOF[backup.verifiedBy]}</dd>
<dt>To restore it</dt><dd><code>db-manager restore ${backup.name}</code></dd>`;
  const trial =
    rehearsal === undefined
      ? html`<dt>Rehearsal</dt><dd>none in this run</dd>`
      : html`<dt>Rehearsal</dt><dd>${rehearsal.result}, ${secondsText(rehearsal.seconds)}: ${rehearsal.message}</dd>
<dt>Round trip (up, down, up)</dt><dd>${rehearsal.roundTrip}</dd>`;
  return html`<h2 id="backup">Backup and rehearsal</h2><dl>${rows}${trial}</dl>`;
}

function checksPart({ safety }: KeptReport): Html | undefined {
  const rows = table(
    'Checks of the environment',
    ['Check', 'Result', 'What was found'],
    (safety?.checks ?? []).map(({ name, result, message }) => [
      name,
      html`<span class="${result === 'failed' ? 'word bad' : result === 'warning' ? 'word warn' : ''}">${result}</span>`,
      message,
    ]),
  );
  return section(html`<h2 id="checks">Checks</h2>`, rows);
}
