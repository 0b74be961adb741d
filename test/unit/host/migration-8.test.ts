import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { homeFolders } from '../../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../../main/host/owner.ts';
import { MIGRATIONS } from '../../../main/host/store/migrations/index.ts';
import { closeLibrary, openLibrary } from '../../../main/host/store/open-library.ts';
import { ARCHITECTURE, CONFIG, PREPROCESSING, studioIn, temporaryFolder } from './support.ts';

/** A library of version 7 with a queued run and an ended one. */
async function oldLibrary(): Promise<string> {
  const home = temporaryFolder();
  const owner = newOwner();
  const { library } = await openLibrary(homeFolders(home), owner, MIGRATIONS.slice(0, 7));
  closeLibrary(library, owner);
  releaseOwner(owner);
  const db = new Database(homeFolders(home).library);
  const insert = db.prepare(
    `INSERT INTO runs (id, name, state, backbone, dataset_name, classes, counts, config, manifest_sha256, created_at)
     VALUES (?, ?, ?, ?, 'gulls', '["a","b"]', '{"train":64,"val":4,"test":0}', ?, ?, '2026-01-01T00:00:00.000Z')`,
  );
  const backbone = { path: null, sha256: '', name: 'bare', architecture: ARCHITECTURE };
  for (const [id, state] of [
    ['run-1', 'queued'],
    ['run-2', 'done'],
  ])
    insert.run(
      id,
      `the ${state} one`,
      state,
      JSON.stringify({ ...backbone, preprocessing: PREPROCESSING }),
      JSON.stringify(CONFIG),
      '0'.repeat(64),
    );
  db.close();
  return home;
}

it('keeps runs, and lets none of them start by itself', async () => {
  const studio = await studioIn(await oldLibrary());
  expect(studio.runs.queued()).toEqual([]);
  expect(studio.runs.details()).toMatchObject([
    { id: 'run-1', state: 'queued', queuePosition: null, totalSteps: 4, notes: '' },
    { id: 'run-2', state: 'done', queuePosition: null, totalSteps: 4, projectId: null },
  ]);
  expect(studio.runs.enqueue('run-1').id).toBe('run-1');
  expect(studio.runs.queued().map((run) => run.id)).toEqual(['run-1']);
});
