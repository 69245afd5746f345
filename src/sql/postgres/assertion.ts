/** SQLSTATE assert_failure; the message is ours, because an ASSERT of the author's functions has the same state. */
const STATE = 'P0004';
const MESSAGE = 'db-manager:assert';

export function assertion(condition: string): string {
  const tag = tagOutside(condition);
  return `DO ${tag} BEGIN IF (${condition}\n) IS NOT TRUE THEN RAISE EXCEPTION USING ERRCODE = '${STATE}', MESSAGE = '${MESSAGE}'; END IF; END ${tag}`;
}

export function isAssertionFailure({ code, message }: { code?: string; message: string }): boolean {
  return code === STATE && message.includes(MESSAGE);
}

function tagOutside(condition: string): string {
  for (let n = 0; ; n += 1) {
    const tag = `$assert${n === 0 ? '' : n}$`;
    if (!condition.includes(tag)) return tag;
  }
}
