import type { Migration } from './migration.ts';

/** The order in which runs wait, runs that go on past their end, and how long steps were found to take. */
export const runQueue: Migration = {
  version: 8,
  name: 'queue of runs, times of steps',
  up(db) {
    db.exec(`
      -- Runs with a place wait for their turn, the lowest first; others are not in the queue.
      ALTER TABLE runs ADD COLUMN queue_place INTEGER;
      -- The step at which the run, which had ended there, was last given more epochs.
      ALTER TABLE runs ADD COLUMN extended_at INTEGER;
      CREATE INDEX runs_by_project ON runs (project_id);
      CREATE INDEX runs_in_queue ON runs (queue_place) WHERE queue_place IS NOT NULL;

      -- The key stands for everything that the speed depends on.
      CREATE TABLE step_times (
        key TEXT PRIMARY KEY NOT NULL,
        seconds_per_step REAL NOT NULL,
        seconds_per_validation_batch REAL NOT NULL,
        start_seconds REAL NOT NULL,
        peak_bytes INTEGER NOT NULL,
        measured_at TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
