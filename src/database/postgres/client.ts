import type pg from 'pg';

/** A connection of node-postgres. */
export type Client = pg.Client;
