import { createHash } from 'node:crypto';
import { escapeHtml } from '../model/escape-html.ts';

/** HTML that is already escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Html | readonly (string | number | Html)[] | undefined | false;

/** A template of HTML: every value is escaped, except what is HTML already. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.map((part, at) => part + textOf(values[at])).join(''));
}

function textOf(value: Value): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(textOf).join('');
  return escapeHtml(String(value));
}

/**
 * A table with a heading for each column; nothing without rows. The first cell of a row is its heading. The roles are those
 * of the elements: they remain where the style of a phone stacks the cells, which are then labelled.
 */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | number | Html)[])[],
  /** For a screen reader; the captions of several tables may be equal. */
  label = caption,
) {
  if (rows.length === 0) return undefined;
  const body = rows.map(
    ([first = '', ...rest]) =>
      html`<tr role="row"><th role="rowheader" scope="row">${first}</th>${rest.map((cell, at) => html`<td role="cell" data-label="${head[at + 1] ?? ''}">${cell}</td>`)}</tr>\n`,
  );
  return html`<div class="wide" role="region" tabindex="0" aria-label="${label}"><table role="table"><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${head.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead>
<tbody role="rowgroup">${body}</tbody></table></div>`;
}

/** A table with a title of its own above it; nothing without rows. */
export function section(heading: Html, rows: Html | undefined): Html | undefined {
  return rows && html`${heading}${rows}`;
}

/** The parts between backticks as code. */
export function withCode(text: string): Html[] {
  return text.split('`').map((part, at) => (at % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
}

/** The source of this text, for a Content-Security-Policy. */
export function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** A whole page; `meta` has the attributes of each element of that name. */
export function htmlPage(
  { title, style, script, meta }: { title: string; style: string; script: string; meta: readonly string[] },
  body: Html,
): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
${meta.map((attributes) => `<meta ${attributes}>\n`).join('')}<title>${escapeHtml(title)}</title>
<style>${style}</style></head>
<body>${body.text}
<script>${script}</script></body></html>
`;
}

/** 0.034 s, 2.5 s, 12 min 3 s. */
export function secondsText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return h > 0 ? `${h} h ${m} min` : `${m} min ${s} s`;
}

/** 2026-11-28 14:05:09 UTC, of a time in ISO 8601 and UTC; another text as it is. */
export function timeText(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, '$1 $2 UTC');
}

export function idOf(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]/g, (character) => `.${character.codePointAt(0)?.toString(16)}`);
}

/** A bar as a drawing only: the table has the number too. */
export function bar(value: number, whole: number, kind: string): Html {
  const width = whole <= 0 ? 0 : Math.max(0.5, Math.round((1000 * value) / whole) / 10);
  return html`<svg class="bar ${kind}" aria-hidden="true" width="${width}%" height="10"></svg>`;
}
