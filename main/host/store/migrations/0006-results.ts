import type { Migration } from './migration.ts';

/** What was made of adapters: evaluations, merges, exports. */
export const results: Migration = {
  version: 6,
  name: 'evaluations, merges, exports',
  up(db) {
    db.exec(`
      CREATE TABLE evaluations (
        id TEXT PRIMARY KEY NOT NULL,
        adapter_id TEXT NOT NULL REFERENCES adapters (id) ON DELETE CASCADE,
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        split TEXT NOT NULL,
        evaluation TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;
      CREATE INDEX evaluations_of_adapter ON evaluations (adapter_id);
      CREATE INDEX evaluations_of_dataset ON evaluations (dataset_id);

      CREATE TABLE merges (
        id TEXT PRIMARY KEY NOT NULL,
        adapter_id TEXT NOT NULL REFERENCES adapters (id) ON DELETE CASCADE,
        out TEXT NOT NULL,
        verification TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;
      CREATE INDEX merges_of_adapter ON merges (adapter_id);

      CREATE TABLE exports (
        id TEXT PRIMARY KEY NOT NULL,
        adapter_id TEXT NOT NULL REFERENCES adapters (id) ON DELETE CASCADE,
        format TEXT NOT NULL,
        out TEXT NOT NULL,
        verification TEXT,
        created_at TEXT NOT NULL
      ) STRICT;
      CREATE INDEX exports_of_adapter ON exports (adapter_id);
    `);
  },
};
