import type { Handlers, ShellProcedureName } from '../../../shared/contract/window/procedures.ts';
import type { ShellInfo } from '../../../shared/contract/window/shell.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

const PLATFORMS: readonly string[] = ['linux', 'darwin', 'win32'] satisfies ShellInfo['platform'][];

/** Shell procedures of `karst serve`, for a browser, which cannot reach the system. */
export function browserShell(): Handlers<ShellProcedureName> {
  return {
    'shell.info': () => ({
      kind: 'browser',
      nativeDialogs: false,
      canReveal: false,
      canMoveHome: false,
      platform: PLATFORMS.includes(process.platform)
        ? (process.platform as ShellInfo['platform'])
        : 'other',
    }),
    'shell.choose': () => refuse('A browser has no dialog for files of this machine.'),
    'shell.reveal': () => refuse('A browser cannot open the file manager.'),
    'shell.moveHome': () =>
      refuse(
        'The folder of the data is chosen when the studio is started.',
        'End `karst serve` and start it with --home FOLDER.',
      ),
    'shell.restart': () =>
      refuse('The studio is started on the command line.', 'Start `karst serve` again.'),
  };
}

function refuse(message: string, hint = 'Use the desktop application for it.'): never {
  throw new KarstError('not-available', message, { hint });
}
