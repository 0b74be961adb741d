import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * Folder of the studio's data, as an absolute path: `--home` when given, else `KARST_HOME`, else `karst-studio`
 * in the platform's application-data folder. The folder need not exist yet.
 */
export function studioHome(
  option?: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const named = option || environment['KARST_HOME'];
  if (named) return resolve(named);
  return join(applicationDataFolder(environment, platform), 'karst-studio');
}

function applicationDataFolder(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string {
  const home = environment['HOME'] || homedir();
  if (platform === 'win32') return environment['APPDATA'] || join(home, 'AppData', 'Roaming');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  // The XDG base directory specification says that a relative path is to be ignored.
  const xdg = environment['XDG_DATA_HOME'];
  return xdg && isAbsolute(xdg) ? xdg : join(home, '.local', 'share');
}

/** The folders of a home. None holds a user's original files; removed items go to `bin`. */
export interface HomeFolders {
  readonly root: string;
  readonly library: string;
  readonly backups: string;
  /** Copies of bundled starter backbones; a user's backbones stay where they are. */
  readonly backbones: string;
  readonly runs: string;
  readonly adapters: string;
  readonly merged: string;
  readonly work: string;
  readonly bin: string;
}

export function homeFolders(home: string): HomeFolders {
  const root = resolve(home);
  return {
    root,
    library: join(root, 'library.sqlite'),
    backups: join(root, 'backups'),
    backbones: join(root, 'backbones'),
    runs: join(root, 'runs'),
    adapters: join(root, 'adapters'),
    merged: join(root, 'merged'),
    work: join(root, 'work'),
    bin: join(root, 'bin'),
  };
}
