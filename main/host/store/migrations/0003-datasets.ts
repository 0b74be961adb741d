import type { Migration } from './migration.ts';

/** Datasets with one row per image. A dataset belongs to its owner alone until its import is complete. */
export const datasets: Migration = {
  version: 3,
  name: 'datasets, classes, images, problems',
  up(db) {
    db.exec(`
      CREATE TABLE datasets (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL UNIQUE,
        project_id TEXT REFERENCES projects (id) ON DELETE SET NULL,
        path TEXT NOT NULL,
        layout TEXT NOT NULL,
        val_fraction REAL NOT NULL,
        test_fraction REAL NOT NULL,
        seed INTEGER NOT NULL,
        importing_by TEXT,
        created_at TEXT NOT NULL
      ) STRICT;

      CREATE TABLE classes (
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        label INTEGER NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (dataset_id, label),
        UNIQUE (dataset_id, name)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE images (
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        label INTEGER NOT NULL,
        split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test')),
        state TEXT NOT NULL CHECK (state IN ('ok', 'duplicate', 'unreadable', 'missing', 'changed')),
        reason TEXT,
        duplicate_of INTEGER,
        PRIMARY KEY (dataset_id, position),
        FOREIGN KEY (dataset_id, label) REFERENCES classes (dataset_id, label)
          ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX images_by_class ON images (dataset_id, label, split, state, bytes);

      CREATE TABLE problems (
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        kind TEXT NOT NULL,
        path TEXT NOT NULL,
        line INTEGER,
        reason TEXT NOT NULL,
        PRIMARY KEY (dataset_id, position)
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
