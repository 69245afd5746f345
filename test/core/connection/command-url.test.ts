import assert from 'node:assert/strict';
import type { CommandPlace } from '../../../src/core/model/command.ts';
import { urlInGivenForm, withoutClientParameters } from '../../../src/core/model/connection/command-url.ts';
import { parseDatabaseUrl } from '../../../src/core/model/database-url.ts';

const PROXY: CommandPlace = {
  dialect: 'postgres',
  host: '127.0.0.1',
  port: 4711,
  user: 'app user',
  database: 'shop',
  token: 't0k',
};
const FILE: CommandPlace = { dialect: 'sqlite', path: '/tmp/co py.db' };
const AT = 'app%20user:t0k@127.0.0.1:4711/shop';

describe('the URL of a command, in the form of the database URL', () => {
  const forms: [given: string, wanted: string][] = [
    ['postgresql://u:secret@db/real', `postgresql://${AT}`],
    ['postgres://u:secret@db:5433/real?sslmode=require', `postgres://${AT}?sslmode=disable`],
    ['postgresql+asyncpg://u:secret@db/real?ssl=require', `postgresql+asyncpg://${AT}`],
    ['postgresql+psycopg://u@db/real', `postgresql+psycopg://${AT}`],
    ['postgresql+psycopg_async://u:secret@db/real', `postgresql+psycopg_async://${AT}`],
    ['postgis://u:secret@db/real?pool_size=5', `postgis://${AT}?pool_size=5`],
    ['pgx5://u:secret@db/real?x-migrations-table=versions', `pgx5://${AT}?x-migrations-table=versions`],
    [
      'postgresql://u:secret@db/real?schema=sales&connection_limit=1',
      `postgresql://${AT}?schema=sales&connection_limit=1`,
    ],
    ['postgresql://u:secret@a:1,b:2/real?target_session_attrs=primary', `postgresql://${AT}`],
    ['postgresql:///real?host=/run/postgresql&user=u&password=secret', `postgresql://${AT}`],
    [
      'postgresql://u:secret@db/real?options=-c%20role%3Downer&sslrootcert=/ca.pem',
      `postgresql://${AT}?options=-c%20role%3Downer`,
    ],
    [' "postgres://u:sec@ret@db/real" ', `postgres://${AT}`],
    [
      'jdbc:postgresql://db/real?user=u&password=secret&currentSchema=sales&sslmode=verify-full',
      'jdbc:postgresql://127.0.0.1:4711/shop?user=app%20user&password=t0k&currentSchema=sales&sslmode=disable',
    ],
    ['jdbc:postgresql:real', 'jdbc:postgresql://127.0.0.1:4711/shop?user=app%20user&password=t0k'],
    [
      "host=db password='it\\'s secret' dbname=real sslmode=require search_path=sales",
      "host=127.0.0.1 port=4711 user='app user' password=t0k dbname=shop sslmode=disable search_path=sales",
    ],
  ];
  for (const [given, wanted] of forms) {
    it(given, () => {
      const url = urlInGivenForm(given, PROXY);
      assert.equal(url, wanted);
      assert.doesNotMatch(wanted, /secret|sec@ret/);
      // It leads to the proxy, as we read it ourselves.
      const parsed = parseDatabaseUrl(withoutClientParameters(wanted));
      assert.ok(parsed.ok && parsed.target.dialect === 'postgres', JSON.stringify(parsed));
      const { host, port, user, database, password } = parsed.target;
      assert.deepEqual(
        [host, port, user, database, password?.reveal()],
        ['127.0.0.1', 4711, 'app user', 'shop', 't0k'],
      );
    });
  }

  const files: [given: string, wanted: string][] = [
    ['sqlite:///data/app.db', 'sqlite:////tmp/co%20py.db'],
    ['sqlite+aiosqlite:////srv/app.db', 'sqlite+aiosqlite:////tmp/co%20py.db'],
    ['sqlite3:db/app.sqlite3?pool=5', 'sqlite3:/tmp/co%20py.db?pool=5'],
    ['sqlite://app.db?mode=rwc', 'sqlite:////tmp/co%20py.db?mode=rwc'],
    ['file:./dev.db?connection_limit=1', 'file:/tmp/co%20py.db?connection_limit=1'],
    ['file:///srv/dev.db', 'file:///tmp/co%20py.db'],
    ['sqlite:///file:data/app.db?mode=rw&uri=true', 'sqlite:///file:/tmp/co%20py.db?mode=rw&uri=true'],
    ['jdbc:sqlite:app.db', 'jdbc:sqlite:/tmp/co py.db'],
    ['data/app.db', '/tmp/co py.db'],
  ];
  for (const [given, wanted] of files) {
    it(given, () => {
      assert.equal(urlInGivenForm(given, FILE), wanted);
      if (wanted.startsWith('sqlite3:')) return; // Its parameter is one of Rails.
      const parsed = parseDatabaseUrl(withoutClientParameters(wanted));
      assert.ok(parsed.ok, JSON.stringify(parsed));
      assert.equal('path' in parsed.target && parsed.target.path, '/tmp/co py.db');
    });
  }
});

describe('parameters of a command in the database URL', () => {
  it('are left out of our own', () => {
    for (const [given, wanted] of [
      ['postgres://u@h/d?pool_size=5&sslmode=require', 'postgres://u@h/d?sslmode=require'],
      ['postgres://u@h/d?x-migrations-table=v&x-lock-strategy=table', 'postgres://u@h/d'],
      ['postgres://u@h/d?prepareThreshold=0&statement_timeout=5000', 'postgres://u@h/d'],
      ['host=h dbname=d pool_max_conns=4', 'host=h dbname=d'],
      ['sqlite:///a.db?timeout=30&check_same_thread=false', 'sqlite:///a.db'],
      ['file:a.db?_fk=1', 'file:a.db'],
    ] as const) {
      assert.equal(withoutClientParameters(given), wanted);
    }
  });

  it('that are not of a client stay, so that they are refused', () => {
    for (const given of [
      'postgres://u@h/d?pgbouncer=true',
      'postgres://u@h/d?sslmod=require',
      'postgres://u@h/d?replication=database',
      'postgres://u:12?max=1@h/d',
      'sqlite:///a.db?vfs=other',
    ]) {
      assert.equal(withoutClientParameters(given), given);
      assert.ok(!parseDatabaseUrl(given).ok, given);
    }
  });
});
