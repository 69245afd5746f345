/** Upgrades the history of DATABASE_URL, and prints a line when it begins, and when it is done with the time that it took. */
import { openDatabase } from '../../src/database/open.ts';
import { targetOf } from '../engine/request.ts';

const timeouts = { connect: 10_000, lock: 30_000, statement: 0, run: 0 };
const database = await openDatabase(targetOf(process.env.DATABASE_URL ?? ''), { timeouts, applicationName: 'upgrade' });
process.stdout.write('begins\n');
const began = performance.now();
await database.history.ensure();
process.stdout.write(`done after ${Math.ceil(performance.now() - began)} ms\n`);
await database.close();
