import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt } from './built.mjs';
import { displayProblem } from './display.mjs';
import { electronProblem, ensureElectron } from './electron-binary.mjs';
import { runInForeground, SIGNALS } from './foreground.mjs';

/** @import { Progress } from './progress.mjs' */

/** Printed by the shell when its window is open. */
const OPEN_LINE = 'KARST Studio is open.';

/**
 * `npm start`: opens the studio in a window or, where that is impossible, serves it to a browser.
 *
 * @param {string} root of the checkout, set up
 * @param {string} node the project's Node
 * @param {{ home: string | null }} options folder of the studio's data
 * @param {Progress} progress
 * @returns {Promise<number | NodeJS.Signals>} its exit code, or the signal that ended it
 * @throws {SetupProblem} when the pages or the shell cannot be built
 */
export async function startStudio(root, node, options, progress) {
  /** @type {NodeJS.ProcessEnv} */
  const environment = { ...process.env, KARST_NODE: node };
  if (options.home !== null) environment['KARST_HOME'] = options.home;
  const display = await displayProblem();
  if (display !== null) return serveInstead(display, root, node, environment, progress);
  const electron = await ensureElectron(root, node, progress);
  if ('missing' in electron) {
    return serveInstead(electron.missing, root, node, environment, progress);
  }
  const problem = electronProblem(electron.path);
  if (problem !== null) return serveInstead(problem, root, node, environment, progress);
  await ensureBuilt(root, ['renderer', 'shell'], node, progress);
  const end = await runWindow(electron.path, root, environment);
  if (end.opened || end.code === 0) return end.code;
  return serveInstead(end.reason, root, node, environment, progress);
}

/**
 * @param {string} reason
 * @param {string} root
 * @param {string} node
 * @param {NodeJS.ProcessEnv} environment
 * @param {Progress} progress
 */
async function serveInstead(reason, root, node, environment, progress) {
  process.stderr.write(
    `No window can be opened: ${reason}. The studio is served to a browser instead.\n`,
  );
  await ensureBuilt(root, ['renderer'], node, progress);
  const command = join(root, 'main', 'cli', 'karst.mjs');
  return runInForeground(node, [command, 'serve'], environment);
}

/**
 * Runs the window until it is closed. Chromium's messages are shown only when it fails.
 *
 * @param {string} electron
 * @param {string} root
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<{ opened: boolean, code: number | NodeJS.Signals, reason: string }>}
 */
function runWindow(electron, root, environment) {
  const args = [root];
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    process.stderr.write(
      "Chromium's sandbox does not work for root and is off; start the studio as another user to have it.\n",
    );
    args.unshift('--no-sandbox');
  }
  return new Promise((resolve, reject) => {
    const child = spawn(electron, args, { stdio: ['inherit', 'pipe', 'pipe'], env: environment });
    let opened = false;
    let tail = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      opened ||= text.includes(OPEN_LINE);
      process.stdout.write(text);
    });
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      tail = (tail + text).slice(-4_000);
    });
    for (const signal of SIGNALS) {
      // The shell suspends running work on a signal. A terminal sends Ctrl-C to it as well.
      process.removeAllListeners(signal);
      process.on(signal, () => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of SIGNALS) process.removeAllListeners(name);
      const end = signal ?? code ?? 1;
      if (opened && end !== 0) process.stderr.write(tail);
      if (!opened && end === 0) process.stdout.write('KARST Studio is open already.\n');
      const last = tail.trimEnd().split('\n').at(-1) ?? '';
      const said = last === '' ? '' : ` and says “${last.replace(/^\[.*?\]\s*/, '').trim()}”`;
      resolve({ opened, code: end, reason: `Electron ended with ${String(end)}${said}` });
    });
  });
}
