import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { makeFolder, readTextFile, writeFileAtomic } from '../../formats/files.ts';
import { bootOf, isMarkAlive, ownMark } from '../../formats/process-mark.ts';
import { Sweep } from '../../formats/sweep.ts';
import { sweepSystemTemporaries } from '../../formats/system-temporaries.ts';
import { sweepTemporaries } from '../../formats/temporary-files.ts';
import type { HomeFolders } from '../home.ts';

/**
 * Notes the folder outside the home that a process writes to: `outside.<mark>.<12 hex
 * digits>.json`.
 */
const NOTE = /^outside\.(\d+-\d*-[0-9a-f]*)\.[0-9a-f]{12}\.json$/;
const noteSchema = v.pipe(v.string(), v.parseJson(), v.strictObject({ folder: v.string() }));

/**
 * Runs work that writes into `folder`. If it is outside the home, it is noted meanwhile, so that a
 * later process finds what a killed one leaves there.
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
 * Removes temporary files of killed processes in the home, in noted folders outside it, and in the
 * system's temporary folder.
 * @param thorough also within every run, adapter and merged model
 * @returns sentences about what could not be removed
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

/**
 * Removes what a killed engine left in its run's folder. @returns sentences of what could not be
 * removed
 */
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
    // Other machines may write into that folder: remove only files of the noted process's boot.
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
    // Unreadable folders are reported by their users.
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
