import type { Migration } from './migration.ts';

export const tensorPrefix: Migration = {
  version: 13,
  name: 'prefixes of tensor names',
  up(db) {
    db.exec(`
      -- What stands before every tensor's name in the file; until now such files were refused.
      ALTER TABLE backbones ADD COLUMN tensor_prefix TEXT NOT NULL DEFAULT '';
    `);
  },
};
