import { diagramOf, diagramOfChange } from '../core/schema/diagram/diagram.ts';
import { mermaid } from '../core/schema/diagram/mermaid.ts';
import { svg } from '../core/schema/diagram/svg.ts';
import { parseRange } from './range.ts';
import { replay } from './schema.ts';
import { filesOf, withDatabase } from './session.ts';
import type { Options } from './settings.ts';

export interface DiagramOptions extends Options {
  /** `FROM:TO`: the changes between two revisions. Absent: the current schema. */
  range?: string;
  /** Default `mermaid`. */
  format?: 'mermaid' | 'svg';
}

/**
 * The schema as a diagram: the current schema, or the changes between two revisions, which are replayed on a
 * scratch database. The target is only read, never written.
 *
 * @example
 * const picture = await schemaDiagram({ databaseUrl: 'sqlite:///data/app.db', range: 'base:head', format: 'svg' });
 */
export function schemaDiagram(options: DiagramOptions = {}): Promise<string> {
  const draw = options.format === 'svg' ? svg : mermaid;
  return withDatabase(options, async (session) => {
    if (options.range === undefined) return draw(diagramOf(await session.database.snapshot()));
    const order = (await filesOf(session.settings)).map(({ revision }) => revision);
    const { start, end } = parseRange(options.range, order);
    const before = await replay(session, order.slice(0, start + 1));
    const after = await replay(session, order.slice(0, end + 1));
    return draw(diagramOfChange(before, after));
  });
}
