import type { Migration } from './migration.ts';

/** Runs with what they were started from, frozen, and their metrics. */
export const runs: Migration = {
  version: 4,
  name: 'runs, metrics',
  up(db) {
    db.exec(`
      CREATE TABLE runs (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL UNIQUE,
        project_id TEXT REFERENCES projects (id) ON DELETE SET NULL,
        state TEXT NOT NULL CHECK (state IN
          ('queued', 'running', 'paused', 'stopped', 'interrupted', 'failed', 'done')),
        backbone_id TEXT REFERENCES backbones (id),
        backbone TEXT NOT NULL,
        dataset_id TEXT REFERENCES datasets (id) ON DELETE SET NULL,
        dataset_name TEXT NOT NULL,
        classes TEXT NOT NULL,
        counts TEXT NOT NULL,
        config TEXT NOT NULL,
        manifest_sha256 TEXT NOT NULL CHECK (length(manifest_sha256) = 64),
        owner TEXT,
        request TEXT CHECK (request IN ('stop')),
        step INTEGER NOT NULL DEFAULT 0,
        epoch REAL NOT NULL DEFAULT 0,
        checkpoint_step INTEGER,
        best_top1 REAL,
        best_loss REAL,
        error TEXT,
        created_at TEXT NOT NULL,
        started_at TEXT,
        ended_at TEXT
      ) STRICT;
      CREATE INDEX runs_by_backbone ON runs (backbone_id);
      CREATE INDEX runs_by_dataset ON runs (dataset_id);

      CREATE TABLE metrics (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('train', 'validation')),
        epoch REAL NOT NULL,
        loss REAL NOT NULL,
        top1 REAL NOT NULL,
        learning_rate REAL,
        gradient_norm REAL,
        images_per_second REAL,
        waiting REAL,
        best INTEGER,
        PRIMARY KEY (run_id, step, kind)
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
