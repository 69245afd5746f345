/** What is typed in the session, in chapters. `answers`: what is typed when a question shows. */
export interface Line {
  type: string;
  answers?: { question: RegExp; keys: string }[];
}

export interface Chapter {
  title: string;
  /** Sections with what a reader should look at. */
  parts: { text: string; lines: Line[] }[];
}

const line = (type: string): Line => ({ type });

export const MODEL = `module.exports = (sequelize, { INTEGER, STRING, TEXT }) =>
  sequelize.define('order', {
    id: { type: INTEGER, primaryKey: true, autoIncrement: true },
    customer: { type: STRING(80), allowNull: false },
    note: TEXT,
  }, { tableName: 'orders', timestamps: false });
`;

export const STORY: readonly Chapter[] = [
  {
    title: 'Development',
    parts: [
      {
        text: 'A model, an empty database, and the first migration from the difference between them.',
        lines: [
          line('cat models/order.cjs'),
          line('db-manager init --no-tables'),
          line('db-manager generate "create orders" --format sql'),
          line('db-manager migrate upgrade'),
        ],
      },
      {
        text: 'The model changes: `note` is called `comment` now, and there is an `email`. Only a person knows that it is a new name and not another column, so it is asked.',
        lines: [
          line("sed -i 's/note: TEXT,/comment: TEXT,\\n    email: STRING(120),/' models/order.cjs"),
          line('db-manager validate -v'),
          {
            type: 'db-manager generate "order comments and email" --format sql',
            answers: [{ question: /under a new name/, keys: 'y' }],
          },
        ],
      },
      {
        text: 'Review, apply, validate. `lint` objects to the rename: where an application already runs, it goes in steps. Here nothing is released yet.',
        lines: [
          line('cat migrations/*_order_comments_and_email.sql'),
          line('db-manager lint'),
          line('db-manager schema diagram base:head'),
          line('db-manager migrate upgrade'),
          line('db-manager validate -v'),
          line('db-manager migrate check'),
        ],
      },
    ],
  },
  {
    title: 'Production',
    parts: [
      {
        text: 'One more change arrives: dry run, a backup with a name, safety check, the run itself, and a look at what came of it.',
        lines: [
          line("sed -i 's/email: STRING(120),/email: STRING(120),\\n    priority: INTEGER,/' models/order.cjs"),
          line('db-manager generate "order priority" --format sql'),
          line('db-manager migrate history'),
          line('db-manager safe-migrate --dry-run'),
          line('db-manager backup --name before_priority'),
          line('db-manager safety-check'),
          line('db-manager safe-migrate'),
          line('db-manager migrate current'),
          line('db-manager validate'),
        ],
      },
    ],
  },
  {
    title: 'Rollback',
    parts: [
      {
        text: 'Down by one migration; `validate` says what the models have and the database has no more.',
        lines: [
          line('db-manager migrate downgrade -1'),
          line('db-manager validate'),
          line('db-manager migrate upgrade'),
        ],
      },
      {
        text: 'Or the backup: it asks first, and keeps what it replaces.',
        lines: [
          line('db-manager list-backups'),
          line('db-manager verify-backup before_priority'),
          {
            type: 'db-manager restore before_priority',
            answers: [{ question: /Replace the database's content/, keys: 'y' }],
          },
          line('db-manager migrate current'),
          line('db-manager migrate history'),
        ],
      },
    ],
  },
];
