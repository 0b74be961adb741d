import type { Migration } from './migration.ts';

/**
 * What adapters are searched by, with what many have in common written once: adapters of one dataset have the same
 * classes, and these are most of the text. A shared text that no adapter has any more goes.
 */
export const sharedSearchText: Migration = {
  version: 12,
  name: 'shared text in the search of adapters',
  up(db) {
    db.exec(`
      DROP TABLE adapter_search;
      CREATE TABLE search_texts (
        id INTEGER PRIMARY KEY NOT NULL,
        text TEXT NOT NULL UNIQUE
      ) STRICT;
      CREATE TABLE adapter_search (
        adapter_id TEXT PRIMARY KEY NOT NULL REFERENCES adapters (id) ON DELETE CASCADE,
        text TEXT NOT NULL,
        shared_id INTEGER NOT NULL REFERENCES search_texts (id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX adapters_by_shared_text ON adapter_search (shared_id);

      CREATE TRIGGER shared_text_left AFTER UPDATE OF shared_id ON adapter_search
        WHEN NOT EXISTS (SELECT 1 FROM adapter_search WHERE shared_id = old.shared_id)
        BEGIN DELETE FROM search_texts WHERE id = old.shared_id; END;
      CREATE TRIGGER shared_text_unused AFTER DELETE ON adapter_search
        WHEN NOT EXISTS (SELECT 1 FROM adapter_search WHERE shared_id = old.shared_id)
        BEGIN DELETE FROM search_texts WHERE id = old.shared_id; END;
    `);
    const rows = db
      .prepare('SELECT id, name, backbone_name, classes FROM adapters')
      .all() as Record<'id' | 'name' | 'backbone_name' | 'classes', string>[];
    const tagsOf = db.prepare('SELECT tag FROM tags WHERE adapter_id = ? ORDER BY tag').pluck();
    const notesOf = db.prepare('SELECT body FROM notes WHERE subject_id = ?').pluck();
    const share = db.prepare('INSERT INTO search_texts (text) VALUES (?) ON CONFLICT DO NOTHING');
    const insert = db.prepare(
      `INSERT INTO adapter_search (adapter_id, text, shared_id)
       VALUES (?, ?, (SELECT id FROM search_texts WHERE text = ?))`,
    );
    const folded = (parts: readonly string[]): string =>
      parts.join('\n').normalize('NFKC').toLowerCase();
    for (const { id, name, backbone_name, classes } of rows) {
      const own = [name, ...(tagsOf.all(id) as string[]), ...(notesOf.all(id) as string[])];
      const shared = folded([backbone_name, ...(JSON.parse(classes) as string[])]);
      share.run(shared);
      insert.run(id, folded(own), shared);
    }
  },
};
