import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { readTextFile, writeFileAtomic } from '../../formats/files.ts';
import { bootOf, isMarkAlive, ownMark } from '../../formats/process-mark.ts';
import { Sweep } from '../../formats/sweep.ts';
import { sweepSystemTemporaries } from '../../formats/system-temporaries.ts';
import { sweepTemporaries } from '../../formats/temporary-files.ts';
import type { HomeFolders } from '../home.ts';
import { makeFolder } from './paths.ts';

/** Says into which folder outside the home a process writes: `outside.<mark>.<12 hex digits>.json`. */
const NOTE = /^outside\.(\d+-\d*-[0-9a-f]*)\.[0-9a-f]{12}\.json$/;
const noteSchema = v.pipe(v.string(), v.parseJson(), v.strictObject({ folder: v.string() }));

/**
 * Does work that writes into `folder`. Where that lies outside the home it is noted down as long, so that what a
 * killed process leaves there is found by the next one.
 */
export async function writingInto<T>(
  folders: HomeFolders,
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  const place = resolve(folder);
  if ([folders.merged, folders.adapters].includes(place)) return work();
  await makeFolder(folders.work);
  const random = randomBytes(6).toString('hex');
  const note = join(folders.work, `outside.${ownMark()}.${random}.json`);
  await writeFileAtomic(note, `${JSON.stringify({ folder: place })}\n`);
  try {
    return await work();
  } finally {
    await rm(note, { force: true });
  }
}

/**
 * Removes the temporary files that killed processes left in the home, in the folders outside it that they were
 * writing into, and in the system's temporary folder.
 * @param thorough in every run, adapter and merged model, too, and not only beside them
 * @returns sentences of what could not be removed
 */
export async function sweepLeftovers(folders: HomeFolders, thorough: boolean): Promise<string[]> {
  const { root, backups, backbones, runs, adapters, merged, work, bin } = folders;
  const places = [root, backups, backbones, runs, adapters, merged, work, bin];
  if (thorough)
    for (const parent of [backbones, runs, adapters, merged])
      for (const name of await foldersIn(parent)) {
        places.push(join(parent, name));
        if (parent === runs) places.push(join(parent, name, CHECKPOINTS));
      }
  const swept = await Promise.all(places.map((place) => sweepTemporaries(place)));
  const outside = [...(await sweepOutside(folders)), await sweepSystemTemporaries()];
  return [...swept, ...outside].flatMap(({ problems }) => problems);
}

/** What a killed engine left in the folder of its run. @returns sentences of what could not be removed */
export async function sweepRun(folder: string): Promise<string[]> {
  const swept = await Promise.all(
    [folder, join(folder, CHECKPOINTS)].map((f) => sweepTemporaries(f)),
  );
  return swept.flatMap(({ problems }) => problems);
}

const CHECKPOINTS = 'checkpoints';

async function sweepOutside({ root, work }: HomeFolders): Promise<Sweep[]> {
  const notes = new Sweep();
  const swept: Sweep[] = [notes];
  for (const name of await namesIn(work)) {
    const mark = NOTE.exec(name)?.[1];
    if (mark === undefined || isMarkAlive(mark)) continue;
    const path = join(work, name);
    const note = v.safeParse(noteSchema, await readTextFile(path).catch(() => null));
    // Other machines may write into that folder: only what was begun in the boot of the one that noted it down.
    if (note.success && !relative(root, note.output.folder).startsWith('work'))
      swept.push(await sweepTemporaries(note.output.folder, bootOf(mark)));
    await notes.remove(path);
  }
  return swept;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // What may not be read is told of by whoever needs it.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return [];
    throw error;
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return [];
    throw error;
  }
}
