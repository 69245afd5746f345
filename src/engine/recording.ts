import type { Direction, LoadedMigration } from '../core/model/migration.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Timeouts } from '../core/model/target.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import type { Database, MigrationOutcome } from '../database/port.ts';
import type { Recorded } from '../migrations/statements/read.ts';
import { type Recorder, recorder } from '../migrations/statements/record.ts';

interface Recording {
  migrations: readonly LoadedMigration[];
  direction: Direction;
  /** Migrations to apply first, if the scratch database is empty. */
  before?: LoadedMigration[];
  /** The folder of the migrations. */
  folder: string;
  runId: string;
  timeouts: Timeouts;
  signal?: AbortSignal;
}

interface WhatWasRecorded {
  recorded: ReadonlyMap<string, Recorded>;
  /** Why the recording ended early. */
  problem?: Problem;
}

/** Runs migrations on a scratch database and records the statements that they send. This turns code into statements. */
export async function recordOn(
  scratch: Database,
  recording: Recording,
  heard: Recorder = recorder(recording.folder),
): Promise<WhatWasRecorded> {
  const { migrations, direction, before = [], runId, timeouts, signal } = recording;
  const work = { runId, toolVersion: TOOL_VERSION, timeouts, signal };
  const { recorded, begin, sent, complete } = heard;
  await scratch.history.ensure();
  const first = await scratch.migrate({ ...work, direction: 'up', migrations: before });
  if (first.kind !== 'done') return { recorded, problem: problemOf(first) };
  const second = await scratch.migrate({
    ...work,
    direction,
    migrations: [...migrations],
    onAttempt: begin,
    onStatement: sent,
    onDone: complete,
  });
  return { recorded, problem: problemOf(second) };
}

function problemOf(outcome: MigrationOutcome): Problem | undefined {
  switch (outcome.kind) {
    case 'done':
      return undefined;
    case 'failed':
      return outcome.problem;
    case 'stopped':
      return { reason: 'Interrupted', message: 'The run was stopped on request.' };
  }
}
