import { KIND, PLURAL } from '../../core/model/resource.ts';
import { KINDS } from '../../kinds/index.ts';

/** The kinds that the dashboard shows. */
export const SHOWN_KINDS = [{ kind: KIND, plural: PLURAL }, ...KINDS.map(({ kind, plural }) => ({ kind, plural }))];
