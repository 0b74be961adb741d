import type { Migration } from './migration.ts';

export const weightsMoreThanOnce: Migration = {
  version: 17,
  name: 'weights more than once',
  up(db) {
    // Until now weights were in the library once. What is unique is the network that they are: a
    // hash of weights and architecture, and of those that were there before that of the weights.
    db.exec(`
      ALTER TABLE backbones RENAME COLUMN sha256 TO network;
      ALTER TABLE backbones ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
      UPDATE backbones SET sha256 = network;
      CREATE INDEX backbones_of_weights ON backbones (sha256);
    `);
  },
};
