import type { Migration } from './migration.ts';

export const adapters: Migration = {
  version: 5,
  name: 'adapters, tags',
  up(db) {
    db.exec(`
      CREATE TABLE adapters (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL UNIQUE,
        method TEXT NOT NULL,
        backbone_id TEXT REFERENCES backbones (id),
        backbone_name TEXT NOT NULL,
        backbone_sha256 TEXT NOT NULL,
        run_id TEXT REFERENCES runs (id) ON DELETE SET NULL,
        classes TEXT NOT NULL,
        adapter_parameters INTEGER NOT NULL,
        head_parameters INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        top1 REAL,
        loss REAL,
        created_at TEXT NOT NULL
      ) STRICT;
      CREATE INDEX adapters_by_backbone ON adapters (backbone_id);
      CREATE INDEX adapters_by_run ON adapters (run_id);

      CREATE TABLE tags (
        adapter_id TEXT NOT NULL REFERENCES adapters (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (adapter_id, tag)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX adapters_by_tag ON tags (tag);
    `);
  },
};
