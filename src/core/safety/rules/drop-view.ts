import { bareName } from '../action.ts';
import { BOTH, onAction, type Rule } from '../rule.ts';
import { later } from '../rule-helpers.ts';

export const dropView: Rule = {
  id: 'drop-view',
  topic: 'compatibility',
  title: 'A view is dropped.',
  why: 'Running versions of the application that read the view fail immediately. A view that is recreated in the same migration is not reported.',
  dialects: BOTH,
  severity: 'warning',
  check: onAction('dropObject', ({ what, name }, place) => {
    if (what !== 'view' && what !== 'materialized view') return undefined;
    const plain = bareName(name);
    if (later(place, 'createView').some(({ view }) => view.name === plain)) return undefined;
    return {
      message: `Drops ${what} ${name}.`,
      advice: `First deploy a version of the application that no longer reads ${name}. To change the view, recreate it in the same migration: CREATE OR REPLACE VIEW ${name} AS …`,
    };
  }),
  examples: {
    bad: [
      { sql: 'DROP VIEW open_orders' },
      { sql: 'DROP MATERIALIZED VIEW daily_volume' },
      { sql: 'DROP VIEW open_orders', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'DROP VIEW open_orders; CREATE VIEW open_orders AS SELECT 1 AS id' },
      { sql: 'DROP VIEW open_orders; CREATE VIEW open_orders AS SELECT 1 AS id', dialect: 'sqlite' },
      { sql: 'CREATE OR REPLACE VIEW open_orders AS SELECT 1 AS id' },
    ],
  },
};
