import type { Migration } from './migration.ts';

export const recomputation: Migration = {
  version: 11,
  name: 'recomputed blocks',
  up(db) {
    db.exec(`
      -- Blocks that are computed again in the backward pass; null for a run that was not started since this is chosen.
      ALTER TABLE runs ADD COLUMN recomputed_blocks INTEGER;
    `);
  },
};
