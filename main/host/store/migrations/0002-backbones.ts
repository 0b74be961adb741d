import type { Migration } from './migration.ts';

export const backbones: Migration = {
  version: 2,
  name: 'backbones',
  up(db) {
    db.exec(`
      CREATE TABLE backbones (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL UNIQUE,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
        bytes INTEGER NOT NULL,
        modified_ms REAL NOT NULL,
        dtype TEXT NOT NULL CHECK (dtype IN ('F32', 'F16', 'BF16')),
        architecture TEXT NOT NULL,
        preprocessing TEXT NOT NULL,
        timm_name TEXT,
        heads_from TEXT NOT NULL,
        preprocessing_from TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;
    `);
  },
};
