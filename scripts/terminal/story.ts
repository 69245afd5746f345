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
        text: 'Generate the first migration from the difference between a model and an empty database.',
        lines: [
          line('cat models/order.cjs'),
          line('db-manager init --no-tables'),
          line('db-manager generate "create orders" --format sql'),
          line('db-manager migrate upgrade'),
        ],
      },
      {
        text: 'The model changes: `note` is renamed to `comment`, and `email` is added. A rename cannot be distinguished from a new column, so `generate` asks.',
        lines: [
          line("sed -i 's/note: TEXT,/comment: TEXT,\\n    email: STRING(120),/' models/order.cjs"),
          line('db-manager validate -v'),
          {
            type: 'db-manager generate "order comments and email" --format sql',
            answers: [{ question: /a new name for/, keys: 'y' }],
          },
        ],
      },
      {
        text: 'Review, apply, validate. `lint` reports the rename: for a running application, rename in several steps. Here nothing is released yet.',
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
        text: 'Another change: dry run, named backup, safety check, the run, and a check of the result.',
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
        text: 'Revert one migration; `validate` reports the objects that the models define and the database lacks.',
        lines: [
          line('db-manager migrate downgrade -1'),
          line('db-manager validate'),
          line('db-manager migrate upgrade'),
        ],
      },
      {
        text: 'Or restore the backup: `restore` asks for confirmation and backs up the current state first.',
        lines: [
          line('db-manager list-backups'),
          line('db-manager verify-backup before_priority'),
          {
            type: 'db-manager restore before_priority',
            answers: [{ question: /Replace the content of /, keys: 'y' }],
          },
          line('db-manager migrate current'),
          line('db-manager migrate history'),
        ],
      },
    ],
  },
];
