import { z } from 'zod';
import { command } from './resource-command.ts';
import { cel, exactlyOne, objectName, path, rule } from './schema-helpers.ts';

/** Where the database and the migration files are: `spec.database` and `spec.migrations`. */
const keyRef = z.strictObject({
  name: objectName.describe('Name of the object, in the namespace of this resource.'),
  key: z.string().min(1).max(253).describe('Key in its data.'),
});

export const secretSource = z
  .strictObject({ secretKeyRef: keyRef.describe('A key of a Secret.') })
  .describe('Source of the value. The kubelet reads it; the operator never does.');

export const fileSource = z
  .strictObject({
    secretKeyRef: keyRef.optional().describe('A key of a Secret.'),
    configMapKeyRef: keyRef.optional().describe('A key of a ConfigMap.'),
  })
  .meta(cel(exactlyOne('secretKeyRef', 'configMapKeyRef')));

const claim = z.strictObject({
  claimName: objectName.describe('A PersistentVolumeClaim in the namespace of this resource.'),
});

const globs = z.array(z.string().min(1).max(200)).min(1).max(50);

const postgres = z
  .strictObject({
    host: z.string().min(1).max(253).describe('Host name or address.'),
    port: z.int().min(1).max(65535).default(5432).describe('TCP port.'),
    database: z.string().min(1).max(63).describe('Name of the database.'),
    user: z.string().min(1).max(63).describe('Role that runs the migrations; it must own the tables.'),
    passwordFrom: secretSource
      .optional()
      .describe(
        'Password of the role. The pod reads it again for each connection, so that it may change during a run.',
      ),
    iam: z
      .strictObject({
        provider: z.enum(['RDS']).describe('RDS: Amazon RDS and Aurora.'),
        region: z
          .string()
          .min(1)
          .max(64)
          .optional()
          .describe('Region of the database. Default: that of the host name.'),
      })
      .optional()
      .describe(
        'Log in with a token of the cloud instead of a password. The pod creates a token for each connection with its identity (runner.serviceAccountName). It needs TLS.',
      ),
    sslMode: z
      .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
      .default('prefer')
      .describe("libpq's sslmode."),
    caFrom: fileSource.optional().describe('PEM certificate of the authority that signed the server certificate.'),
    certFrom: secretSource.optional().describe('PEM client certificate.'),
    keyFrom: secretSource.optional().describe('PEM key of the client certificate.'),
    schemas: z
      .array(z.string().min(1).max(63))
      .min(1)
      .max(50)
      .default(['public'])
      .describe('Schemas to migrate and validate; the history table is created in the first.'),
  })
  .meta(
    cel(
      rule('!has(self.iam) || !has(self.passwordFrom)', 'set passwordFrom or iam, not both'),
      rule(
        "!has(self.iam) || self.sslMode in ['require', 'verify-ca', 'verify-full']",
        'iam needs sslMode require, verify-ca or verify-full',
      ),
    ),
  );

const sqlite = z.strictObject({
  volume: claim.describe('Volume that contains the file.'),
  path: path
    .describe('Path of the database file inside the volume, without a leading slash.')
    .meta(cel(rule("!self.startsWith('/') && !self.contains('..')", 'path is relative to the volume and has no ..'))),
});

export const database = z
  .strictObject({
    urlFrom: secretSource
      .optional()
      .describe(
        'A database URL, for example postgres://user:password@host:5432/name. User and password are read again for each connection.',
      ),
    postgres: postgres.optional().describe('A PostgreSQL database, described by its connection parameters.'),
    sqlite: sqlite.optional().describe('A SQLite file on a volume.'),
    history: z
      .strictObject({
        schema: z
          .string()
          .min(1)
          .max(63)
          .optional()
          .describe('PostgreSQL: schema of the history table. Default: the first schema.'),
        table: z.string().min(1).max(50).optional().describe('Name of the history table. Default: db_manager_history.'),
      })
      .optional()
      .describe('Location of the history table, for migrations that change every table of a schema.'),
    create: z
      .boolean()
      .optional()
      .describe(
        'Create the PostgreSQL database if it does not exist. Otherwise a wrong name is an error. A SQLite file is always created.',
      ),
  })
  .describe('The database to migrate.')
  .meta(
    cel(
      exactlyOne('urlFrom', 'postgres', 'sqlite'),
      rule(
        'has(self.sqlite) == has(oldSelf.sqlite) && (!has(self.sqlite) || self.sqlite.path == oldSelf.sqlite.path && self.sqlite.volume.claimName == oldSelf.sqlite.volume.claimName)',
        'the database of a DatabaseMigration is immutable: create a new resource for another SQLite file',
      ),
      rule(
        '!has(self.postgres) || !has(oldSelf.postgres) || self.postgres.database == oldSelf.postgres.database',
        'the database of a DatabaseMigration is immutable: create a new resource for another PostgreSQL database',
      ),
    ),
  );

export const migrations = z
  .strictObject({
    image: z
      .strictObject({
        reference: z
          .string()
          .min(1)
          .max(500)
          .describe('Image that contains the migration files. Its command is never run.'),
        path: path.default('/migrations').describe('Folder inside the image.'),
        pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().describe('When to pull.'),
      })
      .optional()
      .describe('Files inside an image, mounted as an image volume.'),
    configMaps: z
      .array(z.strictObject({ name: objectName.describe('Name of the ConfigMap.') }))
      .min(1)
      .max(50)
      .optional()
      .describe('Files in ConfigMaps, one key per file. Use several ConfigMaps for sets over 1 MiB.'),
    volume: z
      .strictObject({
        claimName: objectName.describe('Name of the PersistentVolumeClaim.'),
        path: path.optional().describe('Folder inside the volume.'),
      })
      .optional()
      .describe('Files on a volume.'),
    runnerImage: z
      .strictObject({ path: path.describe('Folder inside the runner image.') })
      .optional()
      .describe('Files that are part of spec.runner.image.'),
    command: command.optional(),
    include: globs
      .optional()
      .describe('Globs relative to the folder, such as versions/*.sql. Only these files are read.'),
    exclude: globs.optional().describe('Globs relative to the folder, such as archive/**. These files are left out.'),
  })
  .describe('Location of the migration files.')
  .meta(
    cel(
      exactlyOne('image', 'configMaps', 'volume', 'runnerImage', 'command'),
      rule(
        '!has(self.command) || (!has(self.include) && !has(self.exclude))',
        'migrations.command reads its own files: remove include and exclude',
      ),
    ),
  );
