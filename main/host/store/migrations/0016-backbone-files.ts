import type { Migration } from './migration.ts';

interface Stored {
  readonly id: string;
  readonly path: string;
  readonly bytes: number;
  readonly modified_ms: number;
  readonly sha256: string;
  readonly architecture: string;
  readonly heads_from: string;
}

export const backboneFiles: Migration = {
  version: 16,
  name: 'files and sources of backbones',
  up(db) {
    // Until now every backbone was one safetensors file under timm's names.
    db.exec(`
      ALTER TABLE backbones ADD COLUMN files TEXT NOT NULL DEFAULT '[]';
      ALTER TABLE backbones ADD COLUMN container TEXT NOT NULL DEFAULT 'safetensors';
      ALTER TABLE backbones ADD COLUMN source TEXT NOT NULL DEFAULT 'timm';
      ALTER TABLE backbones ADD COLUMN assumed TEXT NOT NULL DEFAULT '[]';
      ALTER TABLE backbones ADD COLUMN position_rule TEXT NOT NULL DEFAULT 'timm';
      ALTER TABLE backbones ADD COLUMN labels TEXT;
      ALTER TABLE backbones ADD COLUMN licence TEXT;
      ALTER TABLE backbones ADD COLUMN revision TEXT;
    `);
    const update = db.prepare('UPDATE backbones SET files = ?, assumed = ? WHERE id = ?');
    // In JavaScript, as SQLite's JSON shortens times.
    for (const b of db.prepare('SELECT * FROM backbones').all() as Stored[]) {
      const { heads } = JSON.parse(b.architecture) as { heads: number };
      const file = {
        path: b.path,
        bytes: b.bytes,
        modifiedMs: b.modified_ms,
        sha256: b.sha256,
      };
      update.run(
        JSON.stringify([file]),
        JSON.stringify([{ what: 'heads', value: heads, from: b.heads_from }]),
        b.id,
      );
    }
  },
};
