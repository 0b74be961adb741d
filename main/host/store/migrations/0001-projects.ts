import type { Migration } from './migration.ts';

/** Projects, notes on anything, and the studios that have the library open (left over after an unclean stop). */
export const projects: Migration = {
  version: 1,
  name: 'projects, notes, sessions',
  up(db) {
    db.exec(`
      CREATE TABLE sessions (
        owner TEXT PRIMARY KEY NOT NULL,
        opened_at TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE projects (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL
      ) STRICT;

      CREATE TABLE notes (
        id TEXT PRIMARY KEY NOT NULL,
        subject_id TEXT NOT NULL,
        body TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;
      CREATE INDEX notes_of_subject ON notes (subject_id);
    `);
  },
};
