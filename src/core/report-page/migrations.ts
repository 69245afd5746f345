import { count } from '../model/count.ts';
import type { Finding } from '../model/finding.ts';
import type { KeptReport, RunDetails } from '../model/run-details.ts';
import { bar, type Html, html, idOf, secondsText, table } from './html.ts';

const WORD = { error: 'Error', warning: 'Warning', notice: 'Notice' } as const;
/** The style of each severity. */
export const CLASS = { error: 'bad', warning: 'warn', notice: 'soft' } as const;

/** Each migration of the plan: what it did on the copy, its text, and the findings at their lines. */
export function migrationsPart(report: KeptReport): Html | undefined {
  const planned = report.plan?.migrations ?? [];
  if (planned.length === 0) return undefined;
  const more = report.plan?.more ?? 0;
  return html`<h2 id="migrations">Migrations</h2>
<p>${planned.length > 1 && html`<button type="button" id="open-all">Open all</button> <button type="button" id="close-all">Close all</button>`}</p>
${planned.map((revision) => migrationPart(revision, report))}
${(report.details?.moreSources ?? 0) > 0 && html`<p>The text of ${count(report.details?.moreSources ?? 0, 'file')} was left out.</p>`}
${more > 0 && html`<p>The plan has ${count(more, 'more migration')}.</p>`}`;
}

function migrationPart(revision: string, report: KeptReport): Html {
  const { plan, applied, rehearsal, failure, details } = report;
  const effects = rehearsal?.migrations.find((one) => one.revision === revision);
  const findings = (report.safety?.findings ?? []).filter(({ migration }) => migration === revision);
  const done = applied.find((one) => one.revision === revision);
  const failed = failure?.migration === revision;
  const verb = plan?.direction === 'down' ? 'reverted' : 'applied';
  const states = [
    failed
      ? html`<span class="word bad">${report.result === 'blocked' ? 'blocked the run' : 'failed'}</span>`
      : undefined,
    done === undefined ? html`<span class="soft">not ${verb}</span>` : html`${verb} in ${secondsText(done.seconds)}`,
    effects === undefined ? undefined : html`${secondsText(effects.seconds)} on the copy`,
    ...(['error', 'warning'] as const).map((severity) => {
      const n = findings.filter((one) => one.severity === severity).length;
      return n === 0
        ? undefined
        : html`<span class="word ${CLASS[severity]}">${n} ${WORD[severity].toLowerCase()}${n > 1 && 's'}</span>`;
    }),
  ].filter((state) => state !== undefined);
  const sources = (details?.sources ?? []).filter((source) => source.revision === revision);
  const shown = new Set(sources.map(({ file }) => file));
  const elsewhere = findings.filter(({ position }) => position === undefined || !shown.has(position.file));
  const open = failed || findings.some(({ severity }) => severity !== 'notice');
  return html`<details id="${idOf(`migration-${revision}`)}"${open && html` open`}><summary><h3>${revision}</h3> ${states.map((state, at) => (at === 0 ? state : html`, ${state}`))}</summary>
${failed && failurePart(report)}
${effects !== undefined && effectsPart(effects)}
${elsewhere.map((finding) => findingPart(finding))}
${sources.map((source) => sourcePart(source, findings, report))}
</details>\n`;
}

/** Where the run failed: the place, the statement and the database's code. */
export function failurePart({
  failure,
  result,
  message: verdict,
}: Pick<KeptReport, 'failure' | 'result' | 'message'>): Html | undefined {
  if (failure === undefined) return undefined;
  const { position, statement, code, message } = failure;
  return html`<div class="finding error"><p><span class="word bad">${result === 'blocked' ? 'The run was blocked here.' : 'The run failed here.'}</span> ${!verdict.startsWith(message) && message}</p>
${position !== undefined && html`<p>at ${position.file}:${position.line}:${position.column}</p>`}
${code !== undefined && html`<p>error code ${code}</p>`}
${statement !== undefined && html`<pre class="sql" tabindex="0" role="region" aria-label="Statement"><code class="row" data-line="">${statement}</code></pre>`}</div>`;
}

type Effects = NonNullable<KeptReport['rehearsal']>['migrations'][number];

function effectsPart({ revision, statements, rewrites, rows, locks }: Effects): Html {
  const longest = Math.max(...locks.map(({ seconds = 0 }) => seconds), 0);
  return html`<p>${statements} statement${statements !== 1 && 's'} on the copy.${rewrites.length > 0 && ` Tables that were rewritten: ${rewrites.join(', ')}.`}</p>
${table(
  'Rows that changed on the copy',
  ['Table', 'Before', 'After', 'Difference'],
  rows.map(({ table: name, before, after }) => [
    name,
    before ?? 'no table',
    after ?? 'no table',
    before === null || after === null ? '' : signed(after - before),
  ]),
  `Rows that ${revision} changed on the copy`,
)}
${table(
  'Strongest lock on each table, and how long it was held',
  ['Table', 'Lock', 'Held', 'Share'],
  locks.map(({ table: name, mode, seconds }) => [
    name,
    mode,
    seconds === undefined ? 'not measured' : secondsText(seconds),
    bar(seconds ?? 0, longest, 'held'),
  ]),
  `Locks of ${revision} on the copy`,
)}`;
}

function signed(n: number): string {
  return n > 0 ? `+${n}` : String(n);
}

function sourcePart(source: RunDetails['sources'][number], findings: readonly Finding[], report: KeptReport): Html {
  const here = findings.filter(({ position }) => position?.file === source.file);
  const failedAt = report.failure?.position?.file === source.file ? report.failure.position.line : undefined;
  const lines = source.text.replace(/\n$/, '').split('\n');
  const rows = lines.map((text, at) => {
    const line = at + 1;
    const found = here.filter(({ position }) => position?.line === line);
    const marked = found.length > 0 || failedAt === line;
    return html`<span class="row${marked && ' marked'}" data-line="${line}">${text === '' ? ' ' : text}</span>${found.map((finding) => inlinePart(finding))}`;
  });
  const cut = source.cut ?? 0;
  const beyond = here.filter(({ position }) => (position?.line ?? 0) > lines.length);
  return html`<p class="soft">${source.file}</p>
<pre class="sql" tabindex="0" role="region" aria-label="${source.file}"><code>${rows}</code></pre>
${cut > 0 && html`<p>The rest of the file, ${cut} characters, was left out.</p>`}
${beyond.map((finding) => findingPart(finding))}`;
}

/** Inside the text of a file only inline elements are allowed. */
function inlinePart({ severity, rule, message, advice }: Finding): Html {
  return html`<span class="row marked note" data-line="^"><span class="word ${CLASS[severity]}">${WORD[severity]} ${rule}:</span> ${message}</span><span class="row marked note" data-line="">Instead: ${advice.replaceAll('\n', ' ')}</span>`;
}

export function findingPart({ severity, rule, message, advice, position }: Finding): Html {
  return html`<div class="finding ${severity}"><p><span class="word ${CLASS[severity]}">${WORD[severity]} ${rule}:</span> ${message}</p>
${position !== undefined && html`<p class="soft">at ${position.file}:${position.line}:${position.column}</p>`}
<p>Instead: ${advice}</p></div>`;
}
