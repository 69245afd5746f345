import { mapTexts } from '../core/model/masking.ts';
import { redactRows } from '../core/model/redact-rows.ts';
import type { KeptReport } from '../core/model/run-details.ts';
import { redactCode, redactSql } from '../sql/redact.ts';

/** A report without the values in its SQL and without the values of rows that the server quotes. Names are kept. */
export function redactKeptReport(report: KeptReport): KeptReport {
  const { details, ...rest } = report;
  const dialect = details?.dialect ?? 'postgres';
  const cleaned = mapTexts(rest, (text, key) => (key === 'statement' ? redactSql(text, dialect) : redactRows(text)));
  if (details === undefined) return cleaned;
  const sources = details.sources.map((source) => ({
    ...source,
    text: /\.sql$/i.test(source.file) ? redactSql(source.text, dialect) : redactCode(source.text),
  }));
  return { ...cleaned, details: { ...details, sources } };
}
