import type { Migration } from './migration.ts';

/**
 * Datasets that grow and change their classes, and trainings that continue from an adapter. A
 * class's label is its id: it stays when the class is renamed and is never given to another one.
 * `class_events` tells what became of each, so that what an older adapter calls a class can be
 * found.
 */
export const growingDatasets: Migration = {
  version: 15,
  name: 'sources and class history of datasets, parents of adapters, time of a training',
  up(db) {
    db.exec(`
      -- Left out: its images are kept and are in no training or evaluation.
      ALTER TABLE classes ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0 CHECK (left_out IN (0, 1));

      -- In order. A merged class has no row in classes any more; images are the positions that got
      -- another label by it, with the names of its sources, as a JSON object (MergedClass).
      CREATE TABLE class_events (
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        at TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN
          ('added', 'renamed', 'merged', 'unmerged', 'left-out', 'included')),
        label INTEGER NOT NULL,
        former_name TEXT,
        name TEXT NOT NULL,
        into_label INTEGER,
        images TEXT,
        PRIMARY KEY (dataset_id, position)
      ) STRICT, WITHOUT ROWID;

      -- Which class the images of a name in the source (a folder, a value in a table) belong to.
      CREATE TABLE class_sources (
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        label INTEGER NOT NULL,
        PRIMARY KEY (dataset_id, name)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO class_sources (dataset_id, name, label)
        SELECT dataset_id, name, label FROM classes;

      -- Where images come from: the first is the path of the import. layout and encoding are what
      -- the user answered; label is the class of a source without classes of its own.
      CREATE TABLE dataset_sources (
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        path TEXT NOT NULL,
        layout TEXT,
        encoding TEXT,
        label INTEGER,
        PRIMARY KEY (dataset_id, position)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO dataset_sources (dataset_id, position, path)
        SELECT id, 0, path FROM datasets;

      -- The splits before the latest re-split, to undo it: a JSON object with the fractions, the
      -- seed and the positions by split.
      ALTER TABLE datasets ADD COLUMN former_split TEXT;

      -- Labels of a run's classes in its dataset; null in older runs, whose classes are found by name.
      ALTER TABLE runs ADD COLUMN class_labels TEXT;
      -- The adapter whose weights a run started from, and the one an adapter was trained on from.
      ALTER TABLE runs ADD COLUMN parent_adapter_id TEXT;
      ALTER TABLE adapters ADD COLUMN parent_id TEXT;
      -- Seconds that engines spent on the run, without pauses and interruptions; null in older runs.
      ALTER TABLE runs ADD COLUMN active_seconds REAL;

      CREATE TABLE bin_of_all_kinds (
        id TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('run', 'adapter', 'dataset')),
        name TEXT NOT NULL,
        folder TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        removed_at TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      INSERT INTO bin_of_all_kinds SELECT id, kind, name, folder, bytes, removed_at FROM bin;
      DROP TABLE bin;
      ALTER TABLE bin_of_all_kinds RENAME TO bin;
    `);
  },
};
