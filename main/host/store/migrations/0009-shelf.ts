import type { Migration } from './migration.ts';

/**
 * What the library of adapters is searched, sorted and looked into by; the bin. A removed thing keeps its row
 * and all that hangs on it: it is removed by being listed in `bin`, and gives up its name meanwhile.
 */
export const shelf: Migration = {
  version: 9,
  name: 'bin, search of adapters, images of evaluations',
  up(db) {
    db.exec(`
      CREATE TABLE bin (
        id TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('run', 'adapter')),
        name TEXT NOT NULL,
        folder TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        removed_at TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE adapter_search (
        adapter_id TEXT PRIMARY KEY NOT NULL REFERENCES adapters (id) ON DELETE CASCADE,
        text TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX adapters_by_age ON adapters (created_at, id);
      CREATE INDEX adapters_by_name ON adapters (name COLLATE NOCASE, id);
      CREATE INDEX adapters_by_top1 ON adapters (top1, id);
      CREATE INDEX adapters_by_size ON adapters (bytes, id);

      CREATE TABLE evaluation_images (
        evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        truth INTEGER NOT NULL,
        predicted INTEGER,
        probability REAL,
        PRIMARY KEY (evaluation_id, position)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX evaluation_images_by_cell
        ON evaluation_images (evaluation_id, truth, predicted, probability);
      CREATE INDEX evaluation_mistakes
        ON evaluation_images (evaluation_id, probability) WHERE predicted <> truth;
    `);
    const rows = db
      .prepare('SELECT id, name, backbone_name, classes FROM adapters')
      .all() as Record<'id' | 'name' | 'backbone_name' | 'classes', string>[];
    const tagsOf = db.prepare('SELECT tag FROM tags WHERE adapter_id = ? ORDER BY tag').pluck();
    const insert = db.prepare('INSERT INTO adapter_search (adapter_id, text) VALUES (?, ?)');
    for (const { id, name, backbone_name, classes } of rows) {
      const parts = [name, backbone_name, ...(tagsOf.all(id) as string[])];
      const text = parts.concat(JSON.parse(classes) as string[]).join('\n');
      insert.run(id, text.normalize('NFKC').toLowerCase());
    }
  },
};
