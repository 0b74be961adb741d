import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { homeFolders } from '../../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../../main/host/owner.ts';
import { MIGRATIONS } from '../../../main/host/store/migrations/index.ts';
import { closeLibrary, openLibrary } from '../../../main/host/store/open-library.ts';
import { ARCHITECTURE, CONFIG, PREPROCESSING, studioIn, temporaryFolder } from './support.ts';

/** A library of version 13 with a dataset of three images and a run. */
async function oldLibrary(): Promise<string> {
  const home = temporaryFolder();
  const owner = newOwner();
  const { library } = await openLibrary(homeFolders(home), owner, MIGRATIONS.slice(0, 13));
  closeLibrary(library, owner);
  releaseOwner(owner);
  const db = new Database(homeFolders(home).library);
  db.exec(`
    INSERT INTO datasets (id, name, path, layout, val_fraction, test_fraction, seed, created_at)
      VALUES ('ds-1', 'gulls', '/d', 'class-folders', 0.2, 0, 3, '2026-01-03T00:00:00.000Z');
    INSERT INTO classes VALUES ('ds-1', 0, 'a'), ('ds-1', 1, 'b'), ('ds-1', 2, 'c');
    INSERT INTO images (dataset_id, position, path, sha256, bytes, width, height, label, split, state)
      VALUES ('ds-1', 0, '/d/a/1.png', 's', 10, 1, 1, 0, 'val', 'ok'),
             ('ds-1', 1, '/d/b/2.png', 't', 20, 1, 1, 1, 'train', 'ok'),
             ('ds-1', 2, '/d/b/3.png', 'u', 30, 1, 1, 1, 'train', 'ok');
  `);
  const reference = { path: null, sha256: '', name: 'bare', architecture: ARCHITECTURE };
  db.prepare(
    `INSERT INTO runs (id, name, state, backbone, dataset_name, classes, counts, config, manifest_sha256, created_at)
     VALUES ('run-1', 'first', 'done', ?, 'gulls', '["a","b"]', '{"train":2,"val":1,"test":0}', ?, ?, '2026-01-01T00:00:00.000Z')`,
  ).run(
    JSON.stringify({ ...reference, preprocessing: PREPROCESSING }),
    JSON.stringify(CONFIG),
    '0'.repeat(64),
  );
  db.close();
  return home;
}

describe('the migration to version 14', () => {
  it('keeps images with their one label, for single-label classification', async () => {
    const studio = await studioIn(await oldLibrary());
    expect(studio.datasets.task('gulls')).toBe('single-label');
    expect([...studio.datasets.images('gulls')]).toMatchObject([
      { label: 0, furtherLabels: [], split: 'val' },
      { label: 1, furtherLabels: [], split: 'train' },
      { label: 1, furtherLabels: [], split: 'train' },
    ]);
    expect(studio.datasets.get('gulls').classes).toMatchObject([
      { name: 'a', train: 0, val: 1 },
      { name: 'b', train: 2, val: 0 },
      { name: 'c', train: 0, val: 0 },
    ]);
    expect(studio.runs.get('first')).toMatchObject({ id: 'run-1', classes: ['a', 'b'] });
  });

  it('has counts of further labels that follow every change', async () => {
    const home = await oldLibrary();
    await (await studioIn(home)).close();
    const db = new Database(homeFolders(home).library);
    db.pragma('foreign_keys = ON');
    const counted = (): unknown[] =>
      db.prepare('SELECT * FROM further_counts WHERE images <> 0 ORDER BY 2, 3, 4').raw().all();
    const grouped = (): unknown[] =>
      db
        .prepare(
          `SELECT f.dataset_id, f.label, split, state, excluded, count(*)
           FROM further_labels f JOIN images i USING (dataset_id, position)
           GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 3, 4`,
        )
        .raw()
        .all();
    const sizes: number[] = [];
    for (const change of [
      `INSERT INTO further_labels VALUES ('ds-1', 1, 0), ('ds-1', 2, 0), ('ds-1', 2, 1), ('ds-1', 2, 2)`,
      "UPDATE images SET split = 'test', excluded = 1 WHERE position = 1",
      "UPDATE images SET state = 'changed' WHERE position <> 1",
      'DELETE FROM further_labels WHERE position = 0 AND label = 1',
      'UPDATE images SET label = 0 WHERE position = 2',
      "DELETE FROM datasets WHERE id = 'ds-1'",
    ]) {
      db.exec(change);
      expect([change, ...counted()]).toEqual([change, ...grouped()]);
      sizes.push(counted().length);
    }
    expect(sizes).toEqual([3, 4, 4, 3, 3, 0]);
    expect(db.prepare('SELECT count(*) FROM further_labels').pluck().get()).toBe(0);
    db.close();
  });
});
