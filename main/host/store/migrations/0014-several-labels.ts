import type { Migration } from './migration.ts';

/**
 * Several labels an image, and what a dataset and a run are for. `images.label` stays the first of an image's labels, with its
 * indices and counts, so that a dataset of one label an image costs what it did; the others, where there are any, have tables
 * of their own.
 */
export const severalLabels: Migration = {
  version: 14,
  name: 'several labels an image, tasks',
  up(db) {
    db.exec(`
      ALTER TABLE datasets ADD COLUMN task TEXT NOT NULL DEFAULT 'single-label';
      ALTER TABLE runs ADD COLUMN task TEXT NOT NULL DEFAULT 'single-label';

      CREATE TABLE further_labels (
        dataset_id TEXT NOT NULL,
        label INTEGER NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (dataset_id, label, position),
        FOREIGN KEY (dataset_id, label) REFERENCES classes (dataset_id, label)
          ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        FOREIGN KEY (dataset_id, position) REFERENCES images (dataset_id, position)
          ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX further_labels_of_image ON further_labels (dataset_id, position, label);

      -- Images by a label that is not their first, as image_counts has them by their first.
      CREATE TABLE further_counts (
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        label INTEGER NOT NULL,
        split TEXT NOT NULL,
        state TEXT NOT NULL,
        excluded INTEGER NOT NULL,
        images INTEGER NOT NULL,
        PRIMARY KEY (dataset_id, label, split, state, excluded)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER further_counts_insert AFTER INSERT ON further_labels BEGIN
        INSERT INTO further_counts
          SELECT dataset_id, new.label, split, state, excluded, 1 FROM images
          WHERE dataset_id = new.dataset_id AND position = new.position
          ON CONFLICT DO UPDATE SET images = images + 1;
      END;
      CREATE TRIGGER further_counts_delete AFTER DELETE ON further_labels BEGIN
        UPDATE further_counts SET images = images - 1
          WHERE dataset_id = old.dataset_id AND label = old.label
            AND (split, state, excluded) =
              (SELECT split, state, excluded FROM images
               WHERE dataset_id = old.dataset_id AND position = old.position);
      END;
      CREATE TRIGGER further_counts_update AFTER UPDATE OF split, state, excluded ON images
        WHEN EXISTS (SELECT 1 FROM further_labels
                     WHERE dataset_id = old.dataset_id AND position = old.position) BEGIN
        UPDATE further_counts SET images = images - 1
          WHERE dataset_id = old.dataset_id AND split = old.split AND state = old.state
            AND excluded = old.excluded
            AND label IN (SELECT label FROM further_labels
                          WHERE dataset_id = old.dataset_id AND position = old.position);
        INSERT INTO further_counts
          SELECT dataset_id, label, new.split, new.state, new.excluded, 1 FROM further_labels
          WHERE dataset_id = old.dataset_id AND position = old.position
          ON CONFLICT DO UPDATE SET images = images + 1;
      END;
    `);
  },
};
