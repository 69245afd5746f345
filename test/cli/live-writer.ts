/**
 * An application that keeps writing: `node live-writer.ts FILE`. One row a transaction, as fast as it goes, with a busy
 * timeout as any SQLite application has one. Prints `ack N` for each row that SQLite has committed, `error …` for each
 * that failed, and ends on SIGTERM.
 */
import sqlite3 from 'sqlite3';

const [file = ''] = process.argv.slice(2);
const database = new sqlite3.Database(file);
database.configure('busyTimeout', 30_000);
let going = true;
process.on('SIGTERM', () => {
  going = false;
});

for (let n = 1; going; n++) {
  const problem = await new Promise<Error | null>((done) => {
    database.run('INSERT INTO notes (id, body) VALUES (?, ?)', [n, `note ${n}`], done);
  });
  process.stdout.write(problem === null ? `ack ${n}\n` : `error ${problem.message}\n`);
}
database.close();
