import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { NO_SURROUNDINGS, type Surroundings } from '../../../src/core/model/connection/surroundings.ts';
import { displayTarget, parseDatabaseUrl } from '../../../src/core/model/database-url.ts';
import type { PostgresTarget, SqliteTarget } from '../../../src/core/model/target.ts';

const SECRET = 's3cr3t-Xq';

describe('a database URL', () => {
  describe('of PostgreSQL', () => {
    const cases: [text: string, expected: Partial<PostgresTarget>][] = [
      ['postgres://u:p@h:5433/d', { host: 'h', port: 5433, user: 'u', database: 'd' }],
      ...['psql', 'pgsql', 'pg', 'pgx5', 'postgis', 'timescale', 'POSTGRES'].map(
        (scheme): [string, Partial<PostgresTarget>] => [
          `${scheme}://u:p@h:5433/d`,
          { host: 'h', port: 5433, user: 'u', database: 'd' },
        ],
      ),
      ['postgresql+asyncpg://u:p@[::1]:5433/d', { host: '::1', port: 5433 }],
      ['postgresql+psycopg2://u@h/d%2Fe%23', { database: 'd/e#' }],
      ['postgresql+psycopg_async://u:p@h/d', { host: 'h', user: 'u', database: 'd' }],
      ['postgres://u@%2Frun%2Fsockets/d', { host: '/run/sockets' }],
      ['postgres://u@/d?host=/run/sockets&port=6000', { host: '/run/sockets', port: 6000 }],
      ['postgres:///d?host=/run/sockets&user=u', { host: '/run/sockets', user: 'u' }],
      ['postgres://h?user=a@b&dbname=d', { user: 'a@b', database: 'd', host: 'h' }],
      ['postgres://u@name/d?hostaddr=127.0.0.1', { host: 'name', hostaddr: '127.0.0.1' }],
      ['host=h port=5433 user=u dbname=d', { host: 'h', port: 5433, user: 'u', database: 'd' }],
      [String.raw`user = u dbname='a \'quoted\' one' host=h`, { database: "a 'quoted' one" }],
      ['jdbc:postgresql://h:5433/d?user=u&currentSchema=base', { host: 'h', schemas: ['base'], searchPath: ['base'] }],
      ['jdbc:postgresql:d?user=u', { host: 'localhost', database: 'd' }],
      ['postgres://u@h/d?search_path=Base,%22Other%22,%24user', { schemas: ['base', 'Other', 'u'] }],
      ['postgres://u@h/d?options=-csearch_path%3Dbase%2Cpublic', { schemas: ['base', 'public'] }],
      [
        'postgres://u@h/d?options=-c+search_path%3Dbase+-c+role%3Downer',
        { schemas: ['base'], options: '-c search_path=base -c role=owner' },
      ],
      ['postgres://u@h/d?schemas=a,b&search_path=b,ext', { schemas: ['a', 'b'], searchPath: ['b', 'ext'] }],
      ['postgres://u@h/d?schema=Mixed', { schemas: ['Mixed'] }],
      [
        'postgres://u@h/d?target_session_attrs=read-write&connect_timeout=3',
        { targetSessionAttrs: 'read-write', connectTimeoutMs: 3000 },
      ],
      [
        'jdbc:postgresql://h/d?user=u&targetServerType=preferSecondary&loadBalanceHosts=true',
        { targetSessionAttrs: 'prefer-standby', loadBalanceHosts: true },
      ],
      [
        'postgres://u@h/d?require_auth=!password,!md5',
        { requireAuth: ['scram-sha-256', 'none', 'gss', 'sspi', 'oauth'] },
      ],
    ];
    for (const [text, expected] of cases) {
      it(`${text} is read as libpq reads it`, () => {
        const target = postgres(text);
        for (const [key, value] of Object.entries(expected))
          assert.deepEqual(target[key as keyof PostgresTarget], value, key);
      });
    }

    const passwords: [written: string, meant: string][] = [
      ['p%40ss', 'p@ss'],
      ['p@ss', 'p@ss'],
      ['p#ss', 'p#ss'],
      ['p%2Fss', 'p/ss'],
      ['p%ss', 'p%ss'],
      ['100%25', '100%'],
      ['a+b', 'a+b'],
      ['a:b:c', 'a:b:c'],
      ['p%zz%2F', 'p%zz/'],
      ['ünï', 'ünï'],
      ["it's $(x)", "it's $(x)"],
    ];
    for (const [written, meant] of passwords) {
      it(`may have the password ${written}`, () => {
        assert.equal(postgres(`postgres://u:${written}@h:5433/d`).password?.reveal(), meant);
        assert.equal(postgres(`postgres://u:${written}@h:5433/d`).host, 'h');
      });
    }

    it('has several hosts, each with its port', () => {
      for (const text of [
        'postgres://u@a:1,b,[::1]:3/d',
        'postgres://u@/d?host=a:1&host=b&host=::1&port=1,5432,3',
        'host=a,b,::1 port=1,5432,3 user=u dbname=d',
      ]) {
        assert.deepEqual(
          postgres(text).hosts?.map(({ host, port }) => [host, port]),
          [
            ['a', 1],
            ['b', 5432],
            ['::1', 3],
          ],
          text,
        );
      }
      assert.equal(displayTarget(postgres('postgres://u@a:1,b/d')), 'postgres://u@a:1,b:5432/d');
      assert.match(refusal('postgres://u@a,b/d?port=1,2,3'), /different numbers of ports and hosts/);
    });

    const tls: [query: string, mode: string, more?: object][] = [
      ['', 'prefer'],
      ['ssl=require', 'require'],
      ['ssl=verify-full', 'verify-full'],
      ['ssl=true', 'require'],
      ['ssl=0', 'disable'],
      ['ssl=no-verify', 'require', { unchecked: true }],
      ['sslmode=disable&ssl=verify-full', 'verify-full'],
      ['requiressl=1', 'require'],
      ['sslmode=require&sslrootcert=/ca.pem', 'require', { caFile: '/ca.pem' }],
      ['sslrootcert=system', 'verify-full', { caFile: 'system' }],
      ['sslmode=require&sslnegotiation=direct', 'require', { negotiation: 'direct' }],
      [
        'sslmode=verify-full&sslcert=/c&sslkey=/k&sslcrl=/r',
        'verify-full',
        { certFile: '/c', keyFile: '/k', crlFile: '/r' },
      ],
      ['sslmode=require&sslcert=/c&sslkey=/k&sslcertmode=disable', 'require', { certFile: undefined }],
      ['auth=rds-iam', 'require'],
      ['auth=rds-iam&sslmode=verify-full', 'verify-full'],
      ['ssl_min_protocol_version=TLSv1.3', 'prefer', { minVersion: 'TLSv1.3' }],
    ];
    for (const [query, mode, more = {}] of tls) {
      it(`has TLS ${mode} with ?${query}`, () => {
        const { ssl } = postgres(`postgres://u@h/d?${query}`);
        assert.equal(ssl.mode, mode);
        for (const [key, value] of Object.entries(more)) assert.equal(ssl[key as keyof typeof ssl], value);
      });
    }

    it('means the driver’s own ssl=true where it names the driver', () => {
      assert.equal(postgres('postgresql+asyncpg://u@h/d?ssl=true').ssl.mode, 'verify-full');
      assert.equal(postgres('jdbc:postgresql://h/d?user=u&ssl=true').ssl.mode, 'verify-full');
      assert.equal(postgres('jdbc:postgresql://h/d?user=u&ssl').ssl.mode, 'verify-full');
    });

    const refused: [query: string, says: RegExp][] = [
      ['sslmod=require', /the unknown parameter sslmod\. Did you mean sslmode\?/],
      ['SSLMODE=require', /Did you mean sslmode\?/],
      ['chanel_binding=require', /Did you mean channel_binding\?/],
      ['sslmode=requires', /sslmode must be one of/],
      ['ssl=maybe', /ssl must be true, false or one of/],
      ['sslmode=verify-ca', /needs sslrootcert/],
      ['sslmode=require&sslrootcert=system', /needs sslmode=verify-full/],
      ['sslnegotiation=direct', /needs sslmode=require/],
      ['gssencmode=require', /gssencmode that is not supported.*sslmode=verify-full/],
      ['requirepeer=postgres', /requirepeer, which is not supported/],
      ['sslpassword=x', /sslpassword, which is not supported.*without a passphrase/],
      ['sslcrldir=/x', /sslcrldir.*Use sslcrl/],
      ['sslsni=0', /sslsni that is not supported/],
      ['sslcompression=1', /sslcompression/],
      ['sslcertmode=require', /sslcertmode must be one of disable, allow/],
      ['channel_binding=maybe', /channel_binding must be one of/],
      ['require_auth=scram', /require_auth must be/],
      ['target_session_attrs=master', /target_session_attrs must be one of/],
      ['load_balance_hosts=yes', /load_balance_hosts must be one of/],
      ['min_protocol_version=3.2', /min_protocol_version/],
      ['replication=database', /replication/],
      ['krbsrvname=x', /GSSAPI/],
      ['oauth_issuer=x', /OAuth/],
      ['statement_timeout=20', /Use the setting timeouts\.statement/],
      ['options=-c%20statement_timeout%3D20', /sets statement_timeout.*timeouts\.statement/],
      ['options=--lock-timeout%3D20', /sets lock_timeout/],
      ['client_encoding=LATIN1', /must be UTF8/],
      ['pgbouncer=true', /pgbouncer.*directly/],
      ['connection_limit=5', /connection pool/],
      ['sslfactory=org.postgresql.ssl.NonValidatingFactory', /sslfactory.*sslmode/],
      ['prepareThreshold=0', /prepareThreshold/],
      ['timezone=UTC', /options=-c/],
      ['connect_timeout=soon', /number of seconds/],
      ['port=http', /not a number from 1 to 65535/],
      ['schemas=a,,b', /empty name/],
      ['schemas=public,pg_catalog', /pg_catalog in its list of schemas, which belongs to PostgreSQL/],
      ['schemas=information_schema', /information_schema in its list of schemas/],
      ['service=gone', /service/],
      ['host=@abstract', /abstract socket/],
    ];
    for (const [query, says] of refused) {
      it(`is refused with ?${query}`, () => assert.match(refusal(`postgres://u@h/d?${query}`), says));
    }

    it('knows every parameter of libpq', () => {
      // PostgreSQL manual 18, 32.1.2.
      const words =
        'host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout client_encoding options application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout replication gssencmode sslmode requiressl sslnegotiation sslcompression sslcert sslkey sslkeylogfile sslpassword sslcertmode sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version min_protocol_version max_protocol_version krbsrvname gsslib gssdelegation scram_client_key scram_server_key service servicefile target_session_attrs load_balance_hosts oauth_issuer oauth_client_id oauth_client_secret oauth_scope';
      for (const word of words.split(' ')) {
        const read = parseDatabaseUrl(`postgres://u@h/d?${word}=1`);
        if (!read.ok) assert.doesNotMatch(read.problem.message, /not known/, word);
      }
    });
  });

  describe('with defaults beyond its text', () => {
    const files: Record<string, string> = {
      '/home/x/.pgpass': `# a comment\nother:*:*:*:wrong\nh:5432:d:u:from\\:file\n*:*:*:*:any\n`,
      '/else/pass': 'localhost:*:*:*:socket-word\n',
      '/home/x/.pg_service.conf':
        '[other]\nhost=wrong\n# c\n[app]\nhost=served\nport=6001\ndbname=sd\nuser=su\nsslmode=require\n\n[last]\nhost=x\n',
      '/home/x/.postgresql/root.crt': 'pem',
    };
    const around = (env: Record<string, string> = {}): Surroundings => ({
      env: { HOME: '/home/x', ...env },
      read: (path) => files[path],
      exists: (path) => path in files,
      isOpenToOthers: () => false,
      userName: () => 'unix',
    });

    it('uses the environment only for what the URL does not set', () => {
      const env = {
        PGHOST: 'eh',
        PGPORT: '7000',
        PGDATABASE: 'ed',
        PGUSER: 'eu',
        PGPASSWORD: 'ep',
        PGOPTIONS: '-c search_path=app',
        PGTZ: 'Europe/Vienna',
        PGTARGETSESSIONATTRS: 'primary',
        PGCHANNELBINDING: 'require',
        PGAPPNAME: 'mine',
      };
      const empty = postgres('postgres://', around(env));
      assert.deepEqual(
        [empty.host, empty.port, empty.database, empty.user, empty.password?.reveal()],
        ['eh', 7000, 'ed', 'eu', 'ep'],
      );
      assert.deepEqual(empty.schemas, ['app']);
      assert.equal(empty.options, '-c timezone=Europe/Vienna -c search_path=app');
      assert.equal(empty.targetSessionAttrs, 'primary');
      assert.equal(empty.channelBinding, 'require');
      assert.equal(empty.applicationName, 'mine');
      const full = postgres('postgres://u:p@h:5433/d', around(env));
      assert.deepEqual(
        [full.host, full.port, full.database, full.user, full.password?.reveal()],
        ['h', 5433, 'd', 'u', 'p'],
      );
    });

    it('refuses in the environment what it refuses in the URL, by the variable’s name', () => {
      assert.match(refusal('postgres://u@h/d', around({ PGREQUIREPEER: 'postgres' })), /^PGREQUIREPEER/);
      assert.match(refusal('postgres://u@h/d', around({ PGGSSENCMODE: 'require' })), /^PGGSSENCMODE/);
      assert.match(refusal('postgres://u@h/d', around({ PGSSLMODE: 'sometimes' })), /^PGSSLMODE/);
      assert.match(refusal('postgres://u@h/d', around({ PGOPTIONS: '-c statement_timeout=1' })), /^PGOPTIONS/);
    });

    it('finds the password in the password file, as libpq does', () => {
      assert.equal(postgres('postgres://u@h/d', around()).password?.reveal(), 'from:file');
      assert.equal(postgres('postgres://v@h/d', around()).password?.reveal(), 'any');
      assert.equal(
        postgres('postgres://u@/d?host=/tmp&passfile=/else/pass', around()).password?.reveal(),
        'socket-word',
      );
      assert.equal(
        postgres('postgres://u@/d?host=/var/run/postgresql', around({ PGPASSFILE: '/else/pass' })).password?.reveal(),
        'socket-word',
      );
      assert.equal(postgres('postgres://u@h/d', { ...around(), isOpenToOthers: () => true }).password, undefined);
      const hosts = postgres('postgres://u@h,other/d', around()).hosts;
      assert.deepEqual(
        hosts?.map(({ password }) => password?.reveal()),
        ['from:file', 'wrong'],
      );
    });

    it('takes a service between the URL and the environment', () => {
      for (const [text, env] of [
        ['postgres://?service=app', {}],
        ['service=app', {}],
        ['postgres://', { PGSERVICE: 'app' }],
      ] as const) {
        const target = postgres(text, around({ ...env, PGHOST: 'environment', PGPASSWORD: 'ep' }));
        assert.deepEqual([target.host, target.port, target.database, target.user], ['served', 6001, 'sd', 'su']);
        assert.equal(target.ssl.mode, 'require');
        assert.equal(target.password?.reveal(), 'ep');
      }
      assert.equal(postgres('postgres://mine/?service=app', around()).host, 'mine');
      assert.match(
        refusal('postgres://u@h/d?service=none', around()),
        /was not found in \/home\/x\/\.pg_service\.conf/,
      );
    });

    it('takes the authority in the home folder as libpq does, and the name of the user', () => {
      assert.equal(postgres('postgres://u@h/d?sslmode=require', around()).ssl.caFile, '/home/x/.postgresql/root.crt');
      assert.equal(postgres('postgres://u@h/d?sslmode=no-verify', around()).ssl.caFile, undefined);
      assert.equal(postgres('postgres://h/d', around()).user, 'unix');
    });
  });

  describe('of SQLite', () => {
    const cases: [text: string, path: string, create?: boolean][] = [
      ['sqlite:///data/app.db', 'data/app.db'],
      ['sqlite:////data/app.db', '/data/app.db'],
      ['sqlite:///./data/app.db', './data/app.db'],
      ['sqlite+aiosqlite:////data/app.db', '/data/app.db'],
      ['sqlite+pysqlite:///app.db', 'app.db'],
      ['sqlite:app', 'app'],
      ['sqlite3:app', 'app'],
      ['jdbc:sqlite:data/app.db', 'data/app.db'],
      ['sqlite:////x/q%3Fm.db', '/x/q?m.db'],
      ['sqlite:////x/a%23b.db', '/x/a#b.db'],
      ['sqlite:////x/a#b.db', '/x/a#b.db'],
      ['sqlite:////x/100%.db', '/x/100%.db'],
      ['sqlite:////x/100%25.db', '/x/100%.db'],
      ['sqlite:////x/with blank.db', '/x/with blank.db'],
      ['sqlite:////x/gr%C3%BCn ü.db', '/x/grün ü.db'],
      ['sqlite:////x/a%3Fb%3Fmode%3Dro.db?mode=rw', '/x/a?b?mode=ro.db', false],
      ['sqlite:////x/new.db?mode=rwc', '/x/new.db', true],
      ['sqlite:///file:data/u.db?mode=rw&uri=true', 'data/u.db', false],
      ['file:data/app', 'data/app'],
      ['file:///data/a%20b', '/data/a b'],
      ['file:/data/app', '/data/app'],
      ['file:app?cache=private&immutable=0&nolock=0', 'app'],
      ['app.db', 'app.db'],
      ['./data/App.SQLITE3', './data/App.SQLITE3'],
      [String.raw`C:\data\app.db`, String.raw`C:\data\app.db`],
      ['C:/data/app.sqlite', 'C:/data/app.sqlite'],
      ['file:///C:/data/app.db', 'C:/data/app.db'],
      ['sqlite:////C:/data/app.db', 'C:/data/app.db'],
      [String.raw`sqlite:///C:\data\app.db`, String.raw`C:\data\app.db`],
      ['sqlite://data.db?mode=rwc', 'data.db', true],
      ['sqlite3:db/development.sqlite3', 'db/development.sqlite3'],
      ['a@b.db', 'a@b.db'],
      [' app.db\n', 'app.db'],
      ['"app.db"', 'app.db'],
    ];
    for (const [text, path, create] of cases) {
      it(`${JSON.stringify(text)} is the file ${path}`, () => {
        const read = parseDatabaseUrl(text);
        assert.deepEqual(read, {
          ok: true,
          target: { dialect: 'sqlite', path, ...(create === undefined ? {} : { create }) },
        });
      });
    }

    it('may be any file that exists', () => {
      const exists = { ...NO_SURROUNDINGS, exists: (path: string) => path === 'data/ledger' };
      assert.equal((parsed('data/ledger', exists) as SqliteTarget).path, 'data/ledger');
      assert.match(refusal('data/other', exists), /neither a URL nor an existing file/);
    });

    const refused: [text: string, says: RegExp][] = [
      ['sqlite://', /in memory/],
      ['sqlite:///:memory:', /in memory/],
      [':memory:', /in memory/],
      ['file::memory:?cache=shared', /cache=shared/],
      ['file:x.db?mode=memory', /in memory/],
      ['sqlite:////x.db?mode=ro', /mode=ro, which is not supported.*copy it/],
      ['file:x.db?mode=read', /It must be rw/],
      ['file:x.db?immutable=1', /immutable=on/],
      ['sqlite:///x.db?immutable', /immutable=1/],
      ['file:x.db?nolock=1', /nolock/],
      ['file:x.db?vfs=unix-none', /vfs, which is not supported/],
      ['file:x.db?cache=shared', /cache=shared/],
      ['sqlite:///x.db?check_same_thread=False', /check_same_thread.*Python/],
      ['sqlite:///x.db?timeout=20', /timeouts\.lock/],
      ['sqlite:///x.db?mod=ro', /Did you mean mode\?/],
      ['sqlite:///what?.db', /unknown parameter|%3F/],
      ['file:x#1.db', /%23/],
      ['file://host/x.db', /has a host/],
      ['file:x.db?_fk=1', /_fk, which is not supported.*drivers of Go/],
      ['file:x.db?_journal_mode=WAL', /_journal_mode, which is not supported/],
      ['~/app.db', /only a shell replaces/],
      ['sqlite:///~/app.db', /only a shell replaces/],
      ['jdbc:sqlite::resource:app.db', /resource of a Java program/],
    ];
    for (const [text, says] of refused) it(`${text} is refused`, () => assert.match(refusal(text), says));
  });

  describe('that cannot be read', () => {
    const texts: [text: string, says: RegExp][] = [
      [`postgres//u:${SECRET}@h/d`, /cannot be read/],
      [`postgres://u:${SECRET}@h/d%00e`, /NUL character/],
      [`postgres://u:${SECRET}\0@h/d`, /NUL character/],
      [`host=h dbname=d user=u password=${SECRET}\0`, /NUL character/],
      [`sqlite:///a%00${SECRET}.db`, /NUL character/],
      [`${SECRET}\0.db`, /NUL character/],
      [`postgres:/u:${SECRET}@h/d`, /no \/\//],
      [`postgresql:u:${SECRET}@h/d`, /no \/\//],
      [`postgres://u:${SECRET}/x@h/d`, /not percent-encoded/],
      [`postgres://u:x?${SECRET}@h/d`, /not percent-encoded|has to be|port/],
      [`postgres://u:1/${SECRET}@h/d.db`, /not percent-encoded/],
      [`postgres://u:x/${SECRET}@h:5432/d`, /not percent-encoded/],
      [`postgres://u:${SECRET}`, /has no database name/],
      [`"postgres://u:${SECRET}@h/d`, /quotation mark at only one end/],
      [`DATABASE_URL=postgres://u:${SECRET}@h/d`, /name of a variable/],
      [`export DB="postgres://u:${SECRET}@h/d"`, /name of a variable|quotation/],
      [`u:${SECRET}@h/d`, /cannot be read/],
      [`u:${SECRET}@h/d.db`, /cannot be read/],
      [`//u:${SECRET}@h/d`, /cannot be read/],
      [`postgres:\\\\u:${SECRET}@h\\d`, /no \/\//],
      [`mysql://u:${SECRET}@h/d`, /"mysql" is not supported/],
      [`mongodb+srv://u:${SECRET}@h/d`, /is not supported/],
      [`jdbc:mysql://h/d?password=${SECRET}`, /"jdbc:mysql" is not supported/],
      [`jdbc:oracle:thin:u/${SECRET}@h:1521:d`, /"jdbc:oracle" is not supported/],
      [`host=h password=${SECRET}`, /has no database name/],
      [`host=h password=${SECRET} dbname=d user=u sslmod=require`, /sslmod.*Did you mean sslmode/],
      [`host=h password='${SECRET} dbname=d`, /keywords of the database URL cannot be read/],
      [`Host=h;Username=u;Password=${SECRET};Database=d`, /semicolons|ADO\.NET/],
      [`Server=h;User Id=u;Password=${SECRET};`, /ADO\.NET/],
      [`psql -h h -U u password=${SECRET}`, /begins with a command/],
      [`psql "postgres://u:${SECRET}@h/d"`, /begins with a command/],
      [`DATABASE_URL="postgres://u:${SECRET}@h/d"`, /name of a variable/],
      [`dbname=postgresql://u:${SECRET}@h/d sslmode=require`, /a whole URL as the name of the database/],
      [`postgres://h/postgres%3A%2F%2Fu%3A${SECRET}%40h`, /a whole URL as the name of the database/],
      [`postgres://u@h/u%3A${SECRET}%40h`, /a whole URL as the name of the database/],
      [`sqlite+pysqlcipher://:${SECRET}@/app.db`, /Encrypted SQLite databases are not supported/],
      [`sqlite://u:${SECRET}@h/app.db`, /a user or a password/],
      [`sqlite3://:${SECRET}@app.db`, /a user or a password/],
      [`{"host":"h","username":"u","password":"${SECRET}"}`, /a JSON or YAML object/],
      [`postgress://u:${SECRET}@h/d`, /Did you mean postgres:\/\//],
      [`postgre://u:${SECRET}@h/d`, /Did you mean postgres:\/\//],
      [`r2dbc:postgresql://u:${SECRET}@h/d`, /"r2dbc" is not supported/],
      [`cockroach://u:${SECRET}@h/d`, /"cockroach" is not supported/],
      [`jdbc:tc:postgresql:15:///d?password=${SECRET}`, /"jdbc:tc" is not supported/],
      [`prisma+postgres://localhost/?api_key=${SECRET}`, /"prisma\+postgres" is not supported/],
      [`pgsql:host=h;dbname=d;password=${SECRET}`, /no \/\//],
      [`dbi:Pg:dbname=d;password=${SECRET}`, /"dbi" is not supported/],
      [`postgres://u:${SECRET}@h/d&sslmode=require`, /parameters without a question mark/],
      [`postgres://u:${SECRET}@h/d;sslmode=require`, /parameters without a question mark/],
      [`postgres://u:${SECRET}@h/d?sslmode=require&sslmode=disable`, /two values for sslmode/],
      [`host=h dbname=d user=u password=${SECRET} sslmode=require sslmode=prefer`, /two values for sslmode/],
      [`postgres://u:${SECRET}@h/d?currentSchema=a&search_path=b`, /two values for search_path/],
      [`postgres://u:${SECRET}@h/d?ssl_require=True`, /ssl_require.*sslmode=require/],
      [`postgres://u:${SECRET}@h/d?conn_max_age=600`, /conn_max_age.*connection pool/],
      [`Driver={PostgreSQL Unicode};Server=h;Uid=u;Pwd=${SECRET};`, /ADO\.NET or ODBC/],
      [`Host=h;Username=u;Password="${SECRET};x";SSL Mode=Require`, /ADO\.NET or ODBC/],
      [`Data Source=app.db;Password=${SECRET}`, /ADO\.NET or ODBC/],
      ['Data Source=app.db', /ADO\.NET or ODBC/],
      ['Filename=app.db', /ADO\.NET or ODBC/],
      [`postgres://u:${SECRET}@h/d?sslmode=${SECRET}`, /sslmode must be/],
      [`postgres://u:${SECRET}@h:${SECRET}/d`, /port/],
      [`postgresql://u:p@h:5432/d?options=-c+statement_timeout%3D${SECRET}`, /statement_timeout/],
      [`postgres://u:${SECRET}@h/d?auth=rds-iam`, /auth=rds-iam and a password/],
      [`postgres://u:${SECRET}@h/d?aws_region=eu-central-1`, /aws_region, which needs auth=rds-iam/],
      ['postgres://u@h/d?auth=rds-iam&sslmode=prefer', /needs sslmode=require or stricter/],
      ['postgres://u@h/d?auth=rds-iam&ssl=false', /needs sslmode=require or stricter/],
      [`postgres://u:${SECRET}@h/d?auth=${SECRET}`, /auth must be one of password, rds-iam/],
      [`ws://u:${SECRET}@h/d`, /cannot be read/],
      [String.raw`C:\data\app`, /neither a URL nor an existing file/],
      [SECRET, /neither a URL nor an existing file/],
      ['postgres://app:$(DB_PASSWORD)@db:5432/d', /contains \$\(DB_PASSWORD\), which was not replaced\. Kubernetes/],
      ['postgres://$(DB_USER):p@db/d', /\$\(DB_USER\).*earlier in the env of the same container/],
      [`postgres://app:${SECRET}@$(DB_HOST):5432/d`, /\$\(DB_HOST\)/],
      ['host=db user=app password=$(DB_PASSWORD) dbname=d', /\$\(DB_PASSWORD\)/],
      ['jdbc:postgresql://$(DB_HOST)/d?user=u', /\$\(DB_HOST\)/],
      ['sqlite:///$(DATA_DIR)/app.db', /\$\(DATA_DIR\)/],
      ['$(DATABASE_URL)', /\$\(DATABASE_URL\)/],
      [`postgres://app:$${'{DB_PASSWORD}'}@db/d`, /contains \$\{DB_PASSWORD\}.*A shell and Docker Compose replace it/],
      [`postgres://u:\${DB_PASSWORD:-${SECRET}}@h/d`, /contains \$\{DB_PASSWORD\}/],
      ['postgres://app:{{ .Values.password }}@db/d', /\{\{ … \}\}.*Render the template/],
    ];
    for (const [text, says] of texts) {
      it(`${text.replaceAll(SECRET, '…').replaceAll('\0', '\\0')} is an error without its password`, () => {
        const message = refusal(text);
        assert.match(message, says);
        assert.doesNotMatch(message, /s3cr3t/);
      });
    }

    it('is not a reference if a password only contains the characters', () => {
      for (const password of [
        'a$b',
        'a$(b',
        'a$(b)',
        '$(Ab)',
        '$()x',
        'a)$',
        '%24%28DB_PASSWORD%29',
        '{b}',
        '$1',
        '$$(',
        '()',
      ])
        assert.equal(postgres(`postgres://u:${password}@h/d`).password?.reveal(), decodeURIComponent(password));
    });

    it('may be a reference in a variable of the environment too', () => {
      const around = (env: Record<string, string>) => ({ ...NO_SURROUNDINGS, env });
      assert.match(
        refusal('postgres://u@h/d', around({ PGPASSWORD: '$(DB_PASSWORD)' })),
        /^PGPASSWORD contains \$\(DB_P/,
      );
      assert.match(refusal('postgres:///d', around({ PGHOST: '$(DB_HOST)' })), /^PGHOST contains \$\(DB_HOST\)/);
      assert.match(refusal('postgres:///d', around({ PGUSER: `$${'{DB_USER}'}` })), /^PGUSER contains \$\{DB_USER\}/);
    });

    it('is read in spite of blanks and quotes around it', () => {
      for (const wrap of [
        (text: string) => `"${text}"`,
        (text: string) => `'${text}'`,
        (text: string) => ` ${text}\n`,
        (text: string) => `\t"${text}" `,
      ]) {
        const target = postgres(wrap(`postgres://u:${SECRET}@h/d`));
        assert.deepEqual([target.host, target.database, target.password?.reveal()], ['h', 'd', SECRET]);
        assert.doesNotMatch(JSON.stringify(target) + inspect(target) + displayTarget(target), /s3cr3t/);
      }
    });
  });
});

function parsed(text: string, surroundings?: Surroundings) {
  const read = parseDatabaseUrl(text, surroundings);
  assert.ok(read.ok, read.ok ? '' : read.problem.message);
  return read.target;
}

function postgres(text: string, surroundings?: Surroundings): PostgresTarget {
  const target = parsed(text, surroundings);
  assert.equal(target.dialect, 'postgres');
  return target as PostgresTarget;
}

function refusal(text: string, surroundings?: Surroundings): string {
  const read = parseDatabaseUrl(text, surroundings);
  assert.ok(!read.ok, `it was read: ${inspect(read)}`);
  assert.equal(read.problem.reason, 'InvalidConfiguration');
  return read.problem.message;
}
