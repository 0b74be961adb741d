import { dirname, sep } from 'node:path';
import type { Migration } from './migration.ts';

/** Where an image lies below the folder or table that was imported, in lower case, to search in. */
function searchKey(source: string, path: string): string {
  const folder = [source, dirname(source)].find((f) =>
    path.startsWith(f.endsWith(sep) ? f : f + sep),
  );
  const below = folder === undefined ? path : path.slice(folder.length).replace(/^[\\/]/, '');
  return below.replaceAll('\\', '/').normalize('NFC').toLowerCase();
}

/**
 * Projects that hold several datasets, a backbone and notes; what the gallery of a dataset needs: images that
 * are excluded, splits that the source gave, a name to search in, an index for each filter and counts that are
 * kept by the database itself, so that a page of 100,000 images is found without looking at them.
 */
export const projectsAndGallery: Migration = {
  version: 7,
  name: 'projects with datasets, gallery of images',
  up(db) {
    db.exec(`
      ALTER TABLE projects ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1));
      ALTER TABLE projects ADD COLUMN backbone_id TEXT REFERENCES backbones (id) ON DELETE SET NULL;
      ALTER TABLE projects ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
      UPDATE projects SET updated_at = created_at;

      CREATE TABLE project_datasets (
        project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        attached_at TEXT NOT NULL,
        PRIMARY KEY (project_id, dataset_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX projects_of_dataset ON project_datasets (dataset_id);
      INSERT INTO project_datasets (project_id, dataset_id, attached_at)
        SELECT project_id, id, created_at FROM datasets WHERE project_id IS NOT NULL;
      ALTER TABLE datasets DROP COLUMN project_id;

      -- One text a thing in the place of several.
      ALTER TABLE notes RENAME TO single_notes;
      CREATE TABLE notes (
        subject_id TEXT PRIMARY KEY NOT NULL,
        body TEXT NOT NULL,
        updated_at TEXT NOT NULL
      ) STRICT;
      INSERT INTO notes (subject_id, body, updated_at)
        SELECT subject_id, group_concat(body, char(10) || char(10)), max(created_at)
        FROM (SELECT * FROM single_notes ORDER BY created_at, id) GROUP BY subject_id;
      DROP TABLE single_notes;

      ALTER TABLE datasets ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
      ALTER TABLE datasets ADD COLUMN given_splits TEXT NOT NULL DEFAULT '[]';
      UPDATE datasets SET updated_at = created_at;

      ALTER TABLE images ADD COLUMN excluded INTEGER NOT NULL DEFAULT 0 CHECK (excluded IN (0, 1));
      ALTER TABLE images ADD COLUMN given_split TEXT CHECK (given_split IN ('train', 'val', 'test'));
      ALTER TABLE images ADD COLUMN search_key TEXT NOT NULL DEFAULT '';
      DROP INDEX images_by_class;
      CREATE INDEX images_by_label ON images (dataset_id, label, position, split);
      CREATE INDEX images_by_split ON images (dataset_id, split, position);
      CREATE INDEX images_by_state ON images (dataset_id, state, position);
      CREATE INDEX images_excluded ON images (dataset_id, position) WHERE excluded = 1;
      CREATE INDEX images_of_first ON images (dataset_id, duplicate_of) WHERE duplicate_of IS NOT NULL;

      CREATE TABLE image_counts (
        dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        label INTEGER NOT NULL,
        split TEXT NOT NULL,
        state TEXT NOT NULL,
        excluded INTEGER NOT NULL,
        images INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (dataset_id, label, split, state, excluded)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO image_counts
        SELECT dataset_id, label, split, state, excluded, count(*), sum(bytes) FROM images
        GROUP BY dataset_id, label, split, state, excluded;
      CREATE TRIGGER image_counts_insert AFTER INSERT ON images BEGIN
        INSERT INTO image_counts
          VALUES (new.dataset_id, new.label, new.split, new.state, new.excluded, 1, new.bytes)
          ON CONFLICT DO UPDATE SET images = images + 1, bytes = bytes + excluded.bytes;
      END;
      CREATE TRIGGER image_counts_delete AFTER DELETE ON images BEGIN
        UPDATE image_counts SET images = images - 1, bytes = bytes - old.bytes
          WHERE dataset_id = old.dataset_id AND label = old.label AND split = old.split
            AND state = old.state AND excluded = old.excluded;
      END;
      CREATE TRIGGER image_counts_update
        AFTER UPDATE OF label, split, state, excluded, bytes ON images BEGIN
        UPDATE image_counts SET images = images - 1, bytes = bytes - old.bytes
          WHERE dataset_id = old.dataset_id AND label = old.label AND split = old.split
            AND state = old.state AND excluded = old.excluded;
        INSERT INTO image_counts
          VALUES (new.dataset_id, new.label, new.split, new.state, new.excluded, 1, new.bytes)
          ON CONFLICT DO UPDATE SET images = images + 1, bytes = bytes + excluded.bytes;
      END;
    `);
    // Of what an older version imported from a source that names splits, nobody knows any more which images the
    // source placed and which were drawn; all of them count as placed, so that drawing anew loses nothing.
    db.exec(`
      UPDATE images SET given_split = split
        WHERE dataset_id IN (SELECT id FROM datasets WHERE layout <> 'class-folders');
      UPDATE datasets SET given_splits =
        (SELECT json_group_array(split) FROM
          (SELECT DISTINCT given_split AS split FROM images
            WHERE dataset_id = datasets.id AND given_split IS NOT NULL ORDER BY split));
    `);
    db.function('karst_search_key', { deterministic: true }, (source, path) =>
      searchKey(String(source), String(path)),
    );
    db.exec(`
      UPDATE images SET search_key =
        karst_search_key((SELECT path FROM datasets WHERE id = images.dataset_id), path);
    `);
  },
};
