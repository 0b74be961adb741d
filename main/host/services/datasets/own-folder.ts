import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { KarstError } from '../../../../shared/domain/errors.ts';

/** Folders of the system: many images, none of them a class. */
const SYSTEM: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [
    ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib64', '/opt', '/proc', '/run'],
    ...['/sbin', '/sys', '/usr', '/usr/lib', '/usr/share', '/var', '/var/lib'],
  ],
  darwin: ['/Applications', '/Library', '/System', '/private', '/usr', '/var'],
  win32: ['SystemRoot', 'ProgramFiles', 'ProgramFiles(x86)', 'ProgramData'].flatMap(
    (name) => process.env[name] ?? [],
  ),
};

/**
 * Refuses the user's home, folders above it and folders of the system, which a wrong click chooses
 * and which take minutes to look through. Naming the layout (`--as`) imports them all the same.
 * @throws dataset-unusable
 */
export async function requireOwnFolder(chosen: string, home = homedir()): Promise<void> {
  const [folder, own] = await Promise.all([real(chosen), real(home)]);
  const what = isWithin(own, folder)
    ? folder === own
      ? 'is your home folder'
      : 'holds your whole home folder'
    : (SYSTEM[process.platform] ?? []).some((system) => path.relative(system, folder) === '')
      ? 'is a folder of the system'
      : null;
  if (what === null) return;
  throw new KarstError('dataset-unusable', `${chosen} ${what}, not a dataset.`, {
    hint: 'Choose the folder inside it that holds your class folders.',
    path: chosen,
  });
}

/** As it is given if it cannot be resolved: reading it says why. */
async function real(folder: string): Promise<string> {
  return realpath(folder).catch(() => path.resolve(folder));
}

function isWithin(inner: string, outer: string): boolean {
  const way = path.relative(outer, inner);
  return way === '' || (!way.startsWith('..') && !path.isAbsolute(way));
}
