import { dialog, shell, type BrowserWindow, type OpenDialogOptions } from 'electron';
import { existsSync, statSync } from 'node:fs';
import type {
  Handlers,
  Input,
  ShellProcedureName,
} from '../../shared/contract/window/procedures.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import type { Preferences } from './preferences.ts';
import type { Words } from './words.ts';

export interface ShellSurroundings {
  readonly preferences: Preferences;
  readonly window: () => BrowserWindow | null;
  readonly words: () => Words;
  readonly restartHost: () => Promise<void>;
}

const PLATFORMS = ['linux', 'darwin', 'win32'] as const;

/** The shell's procedures: dialogs, file manager, data folder, host restart. */
export function shellProcedures(surroundings: ShellSurroundings): Handlers<ShellProcedureName> {
  return {
    'shell.info': () => ({
      kind: 'desktop',
      nativeDialogs: true,
      canReveal: true,
      canMoveHome: surroundings.preferences.canMoveHome,
      platform: PLATFORMS.find((name) => name === process.platform) ?? 'other',
    }),
    'shell.choose': (request) => choose(request, surroundings),
    'shell.reveal': async ({ path }) => {
      await reveal(path);
      return {};
    },
    'shell.moveHome': async () => {
      const chosen = await openDialog(
        { properties: ['openDirectory', 'createDirectory'] },
        surroundings.window(),
      );
      const folder = chosen?.[0];
      return folder === undefined ? null : surroundings.preferences.moveHome(folder);
    },
    'shell.restart': async () => {
      await surroundings.restartHost();
      return {};
    },
  };
}

async function choose(
  { what, title, extensions, path }: Input<'shell.choose'>,
  { window, words }: ShellSurroundings,
): Promise<string[] | null> {
  const place = path === null ? {} : { defaultPath: path };
  const { anyFile } = words();
  const filters =
    extensions.length === 0
      ? []
      : [
          { name: extensions.map((ending) => `.${ending}`).join(', '), extensions },
          { name: anyFile, extensions: ['*'] },
        ];
  if (what === 'save') {
    const options = { title, filters, ...place };
    const parent = window();
    const { canceled, filePath } = await (parent === null
      ? dialog.showSaveDialog(options)
      : dialog.showSaveDialog(parent, options));
    return canceled || !filePath ? null : [filePath];
  }
  const properties: OpenDialogOptions['properties'] =
    what === 'folder'
      ? ['openDirectory', 'createDirectory']
      : what === 'files'
        ? ['openFile', 'multiSelections']
        : ['openFile'];
  return openDialog({ title, filters, properties, ...place }, window());
}

/** null if cancelled. */
export async function openDialog(
  options: OpenDialogOptions,
  parent: BrowserWindow | null,
): Promise<string[] | null> {
  const { canceled, filePaths } = await (parent === null
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(parent, options));
  return canceled || filePaths.length === 0 ? null : filePaths;
}

/** Shows a file in its folder, or the folder itself. @throws KarstError not-found */
export async function reveal(path: string): Promise<void> {
  if (!existsSync(path)) {
    throw new KarstError('not-found', `${path} is no longer there.`, {
      hint: 'It was moved or removed.',
      path,
    });
  }
  if (!statSync(path).isDirectory()) {
    shell.showItemInFolder(path);
    return;
  }
  const problem = await shell.openPath(path);
  if (problem !== '') {
    throw new KarstError('not-available', `${path} cannot be shown: ${problem}`, {
      hint: 'Open it in your file manager.',
      path,
    });
  }
}
