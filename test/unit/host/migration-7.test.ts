import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { homeFolders } from '../../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../../main/host/owner.ts';
import { MIGRATIONS } from '../../../main/host/store/migrations/index.ts';
import { closeLibrary, openLibrary } from '../../../main/host/store/open-library.ts';
import { studioIn, temporaryFolder } from './support.ts';

/**
 * A library of version 6 with a project, two notes on it, and two datasets with one or two images.
 */
async function oldLibrary(): Promise<string> {
  const home = temporaryFolder();
  const owner = newOwner();
  const { library } = await openLibrary(homeFolders(home), owner, MIGRATIONS.slice(0, 6));
  closeLibrary(library, owner);
  releaseOwner(owner);
  const db = new Database(homeFolders(home).library);
  db.exec(`
    INSERT INTO projects VALUES ('pr-1', 'coast', '2026-01-01T00:00:00.000Z');
    INSERT INTO notes VALUES ('nt-1', 'pr-1', 'first', '2026-01-01'), ('nt-2', 'pr-1', 'second', '2026-01-02');
    INSERT INTO datasets VALUES
      ('ds-1', 'gulls', 'pr-1', '/d/Gulls', 'class-folders', 0.2, 0, 3, NULL, '2026-01-03T00:00:00.000Z'),
      ('ds-2', 'listed', NULL, '/d/list.csv', 'table', 0.2, 0, 0, NULL, '2026-01-04T00:00:00.000Z');
    INSERT INTO classes VALUES ('ds-1', 0, 'Ä'), ('ds-1', 1, 'B'), ('ds-2', 0, 'a');
    INSERT INTO images VALUES
      ('ds-1', 0, '/d/Gulls/Ä/1.PNG', 's', 10, 1, 1, 0, 'val', 'ok', NULL, NULL),
      ('ds-1', 1, '/d/Gulls/B/2.png', 's', 20, 1, 1, 1, 'train', 'duplicate', 'as 1', 0),
      ('ds-2', 0, '/d/img/3.png', 't', 30, 1, 1, 0, 'test', 'ok', NULL, NULL),
      ('ds-2', 1, '/far/4.png', '', 0, 0, 0, 0, 'train', 'missing', 'gone', NULL);
  `);
  db.close();
  return home;
}

describe('the migration to version 7', () => {
  it('keeps what there is and completes it', async () => {
    const studio = await studioIn(await oldLibrary());
    expect(studio.projects.list()).toEqual([
      {
        id: 'pr-1',
        name: 'coast',
        notes: 'first\n\nsecond',
        archived: false,
        datasetIds: ['ds-1'],
        backboneId: null,
        runIds: [],
        bestTop1: null,
        createdAt: '2026-01-01T00:00:00.000Z',
        updatedAt: '2026-01-03T00:00:00.000Z',
      },
    ]);
    expect(studio.datasets.list()).toMatchObject([
      {
        name: 'gulls',
        counts: { train: 1, val: 1, test: 0 },
        excluded: 0,
        duplicates: 1,
        bytes: 30,
        seed: 3,
        givenSplits: [],
      },
      {
        name: 'listed',
        counts: { train: 0, val: 0, test: 1 },
        unusable: 1,
        bytes: 30,
        givenSplits: ['train', 'test'],
      },
    ]);
    const found = (dataset: string, search: string): string[] =>
      studio.datasets
        .gallery(dataset, { search }, { offset: 0, limit: 10 })
        .images.map((image) => image.file);
    expect(found('gulls', 'ä/1.png')).toEqual(['Ä/1.PNG']);
    expect(found('gulls', 'gulls')).toEqual([]);
    expect(found('listed', 'img')).toEqual(['img/3.png']);
    expect(found('listed', 'far')).toEqual(['/far/4.png']);
  });

  it('has counts that follow every change of an image', async () => {
    const home = await oldLibrary();
    await (await studioIn(home)).close();
    const db = new Database(homeFolders(home).library);
    db.pragma('foreign_keys = ON');
    const counted = (): unknown[] =>
      db.prepare('SELECT * FROM image_counts WHERE images <> 0 ORDER BY 1, 2, 3, 4').raw().all();
    const grouped = (): unknown[] =>
      db
        .prepare(
          `SELECT dataset_id, label, split, state, excluded, count(*), sum(bytes) FROM images
           GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4`,
        )
        .raw()
        .all();
    for (const change of [
      "UPDATE images SET split = 'test', excluded = 1, label = 0 WHERE dataset_id = 'ds-1'",
      "UPDATE images SET state = 'changed', bytes = 7 WHERE position = 0",
      "UPDATE images SET reason = 'x', position = position + 5",
      "DELETE FROM images WHERE dataset_id = 'ds-1' AND position = 6",
      "DELETE FROM datasets WHERE id = 'ds-1'",
    ]) {
      db.exec(change);
      expect([change, ...counted()]).toEqual([change, ...grouped()]);
    }
    expect(counted()).toHaveLength(2);
    db.close();
  });
});
