/**
 * Has recheck judge the regular expressions of src that it has not judged before, and writes its verdicts to
 * test/hostile/patterns.json: `node scripts/patterns.ts`. `--all` asks about every one again (a minute or two).
 */
import { writeFileSync } from 'node:fs';
import { judge, literals, NOTHING_KNOWN, readVerdicts, VERDICTS_FILE } from '../test/hostile/regular-expressions.ts';

const known = process.argv.includes('--all') ? NOTHING_KNOWN : readVerdicts();
const verdicts = await judge(literals().keys(), known);
writeFileSync(VERDICTS_FILE, `${JSON.stringify(verdicts, null, 2)}\n`);
console.log(`${verdicts.safe.length} safe, ${verdicts.growing.length} growing`);
process.exit();
