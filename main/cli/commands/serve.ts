import { spawn as startProgram } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDesk } from '../../host/api/dispatch.ts';
import { browserShell } from '../../host/procedures/shell.ts';
import { Pages } from '../../host/serve/pages.ts';
import { serveStudio, type StudioServer } from '../../host/serve/server.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { builtFolder, ensureBuilt } from '../../native/built.mjs';
import { Progress } from '../../native/progress.mjs';
import { SetupProblem } from '../../native/setup-problem.mjs';
import { withStudio, type CommandContext } from '../context.ts';
import type { Console } from '../output/console.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * `--json`: `{"event":"serving","url","port","home"}` when it may be opened, `{"event":"ended"}` at the end.
 * @throws in-use, not-available when the port or the pages cannot be had
 */
export async function run(
  context: CommandContext,
  options: { port?: number; open?: boolean },
): Promise<void> {
  const { console } = context;
  const pages = await readPages();
  await withStudio(
    context,
    async (studio, signal) => {
      const desk = await openDesk({ studio, shell: browserShell() });
      let server: StudioServer | null = null;
      try {
        server = await serveStudio({ desk, pages, port: options.port ?? 0 });
        tell(console, server, studio.home);
        if (options.open === true) openInBrowser(server.passUrl(), console);
        if (!signal.aborted) await once(signal, 'abort');
      } finally {
        // Windows are told how runs were suspended before they are cut off.
        await desk.close();
        await server?.close();
      }
    },
    {
      onFirst: () =>
        console.note(
          'Ending: a training is suspended with a checkpoint. Ctrl-C again ends at once.',
        ),
    },
  );
  console.emit({ event: 'ended' });
}

function tell(console: Console, { url, port }: StudioServer, home: string): void {
  console.emit({ event: 'serving', url, port, home });
  console.say(
    'The studio is open at',
    `  ${console.bold(url)}`,
    console.dim(`Its data are in ${home}. Ctrl-C ends it.`),
  );
}

/**
 * The window's pages. In a checkout they are built when they are missing or not those of the sources as they
 * are; an installed studio has no sources, and has them as it came. `KARST_PAGES` names a folder of built pages
 * that is taken as it is.
 */
async function readPages(): Promise<Pages> {
  const named = process.env['KARST_PAGES'];
  if (named) return Pages.read(path.resolve(named));
  if (existsSync(path.join(ROOT, 'renderer'))) {
    try {
      await ensureBuilt(ROOT, ['renderer'], process.execPath, new Progress());
    } catch (error) {
      if (!(error instanceof SetupProblem)) throw error;
      throw new KarstError('not-available', error.message, { hint: error.hint, cause: error });
    }
  }
  return Pages.read(builtFolder(ROOT, 'renderer'));
}

/** Hands an address to the platform's own opener; without one, the printed address remains. */
function openInBrowser(url: string, console: Console): void {
  const [program, args] = opener(process.platform);
  const child = startProgram(program, [...args, url], { stdio: 'ignore', detached: true });
  const failed = (reason: string): void =>
    console.warn(`No browser could be opened (${reason}): open the address above yourself.`);
  child.on('error', (error) => failed(error.message));
  child.on('exit', (code) => {
    if (code !== 0 && code !== null) failed(`${program} ended with ${code}`);
  });
  child.unref();
}

function opener(platform: NodeJS.Platform): readonly [program: string, args: readonly string[]] {
  if (platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler']];
  return [platform === 'darwin' ? 'open' : 'xdg-open', []];
}
