import { dbmate } from './dbmate.ts';
import { drizzle } from './drizzle.ts';
import { flyway } from './flyway.ts';
import type { SqlFormat } from './format.ts';
import { golangMigrate } from './golang-migrate.ts';
import { goose } from './goose.ts';
import { plainSql } from './plain-sql.ts';
import { prisma } from './prisma.ts';

/** The only list: names decide first, then marks in the text; what has neither is plain SQL. */
export const SQL_FORMATS: readonly SqlFormat[] = [golangMigrate, flyway, goose, dbmate, drizzle, prisma, plainSql];
