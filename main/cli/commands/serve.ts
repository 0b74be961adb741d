import { spawn as startProgram } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { openDispatcher } from '../../host/api/dispatch.ts';
import { browserShell } from '../../host/procedures/shell.ts';
import { Pages } from '../../host/serve/pages.ts';
import { serveStudio, type StudioServer } from '../../host/serve/server.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { predictorOf, servePredictor } from '../serving-predictions.ts';
import type { Console } from '../output/console.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Exists only in a checkout. */
const BUILD_PAGES = path.join(ROOT, 'main', 'setup', 'build-pages.mjs');

/** The build's output on failure. */
const BuildProblem = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ message: v.string(), hint: v.string() }),
);

/**
 * `--json`: `{"event":"serving","url","port","home"}` when the address can be opened,
 * `{"event":"ended"}` at the end. With `--predict`, `serving` has `url`, `port`, `token`, `model`.
 * @throws in-use, not-available if the port or the pages are unavailable
 */
export async function run(
  context: CommandContext,
  options: { port?: number; open?: boolean; predict?: string | true; backbone?: string },
): Promise<void> {
  const { console } = context;
  const model = predictorOf(options);
  if (model !== null) return servePredictor(context, model, options.port ?? 0);
  const pages = await readPages();
  await withStudio(
    context,
    async (studio, signal) => {
      const dispatcher = await openDispatcher({ studio, shell: browserShell() });
      let server: StudioServer | null = null;
      try {
        server = await serveStudio({ dispatcher, pages, port: options.port ?? 0 });
        tell(console, server, studio.home);
        if (options.open === true) openInBrowser(server.passUrl(), console);
        if (!signal.aborted) await once(signal, 'abort');
      } finally {
        // Windows are notified of interrupted runs before they are disconnected.
        await dispatcher.close();
        await server?.close();
      }
    },
    {
      onFirst: () =>
        console.note(
          'Ending: a training is interrupted after a checkpoint. Press Ctrl-C again to quit immediately.',
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
 * Returns the window's pages. In a checkout they are built if missing or outdated; an installed
 * studio includes them. `KARST_PAGES` overrides the folder of built pages.
 */
async function readPages(): Promise<Pages> {
  const named = process.env['KARST_PAGES'];
  if (named) return Pages.read(path.resolve(named));
  if (existsSync(BUILD_PAGES)) await buildPages();
  return Pages.read(path.join(ROOT, 'dist', 'renderer'));
}

/** @throws not-available with the build's output */
async function buildPages(): Promise<void> {
  const child = startProgram(process.execPath, [BUILD_PAGES], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code, signal]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  if (code === 0) return;
  const problem = v.safeParse(BuildProblem, said);
  if (!problem.success)
    throw new KarstError(
      'not-available',
      `Building the pages ended with ${code ?? signal ?? ''}.`,
      {
        hint: 'Run `npm run build` to see why.',
      },
    );
  throw new KarstError('not-available', problem.output.message, { hint: problem.output.hint });
}

/** Opens an address with the platform's opener, if there is one. */
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
