#!/usr/bin/env node
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './built.mjs';
import { endLike, runInForeground, SIGNALS } from './foreground.mjs';
import { ensureInstalled, verifyInstalled } from './installation.mjs';
import { Progress } from './progress.mjs';
import { SetupProblem } from './setup-problem.mjs';
import { startStudio } from './start-studio.mjs';

/**
 * Entry point of `npm start`, `npm test` and `npm run setup`, `demo`, `karst`, `bench`, `build` and
 * `package`: installs what is missing, then runs the command on the project's Node. Plain
 * JavaScript without dependencies, because it runs before they are installed and on any Node from
 * version 20.
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const USAGE = `Usage: node main/setup/bootstrap.mjs COMMAND
  setup [--cpu | --gpu] [--verify]   install what is missing; --gpu for TensorFlow with CUDA,
                                     --verify reads the installed TensorFlow again in full
  start [--home DIR]                 set up, build, then open the studio in a window, or, where there
                                     can be none, serve it to a browser
  demo                               set up, then show the main job on bundled images
  test [--full]                      set up, then run every check and test
  karst COMMAND …                    set up, then run the command line
  bench [--quick] [--json]           set up, then measure speed and memory against PyTorch
  build                              set up, then build the pages and the desktop shell
  package [--dir | --deb]            set up, build, then package the application; --dir: a folder only,
                                     --deb: a Debian package only
`;

/**
 * @param {readonly string[]} args
 * @returns {Promise<number | NodeJS.Signals>} exit code, or the signal to end with
 */
async function main(args) {
  const [command, ...rest] = args;
  const progress = new Progress();
  // Exits in an orderly way, so that exit handlers stop running commands and release the lock.
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      progress.breakLine();
      process.stderr.write('Interrupted. Run the same command again: it goes on where it was.\n');
      process.exit(128 + constants.signals[signal]);
    });
  }
  switch (command) {
    case 'setup':
      return setUp(rest, progress);
    case 'start':
      return start(rest, progress);
    case 'demo':
      return runReady(['main/cli/karst.mjs', 'demo', ...rest], progress);
    case 'test':
      return runReady(['test/run.mjs', ...rest], progress);
    case 'karst':
      if (rest.includes('serve')) await build(progress);
      return runReady(['main/cli/karst.mjs', ...rest], progress);
    case 'bench':
      return runReady(['test/bench/bench.ts', ...rest], progress);
    case 'build':
      await build(progress);
      return 0;
    case 'package':
      await build(progress);
      return runReady(['main/setup/packaging/package.mjs', ...rest], progress);
    default:
      process.stderr.write(USAGE);
      return 2;
  }
}

/**
 * @param {readonly string[]} args
 * @param {Progress} progress
 */
async function setUp(args, progress) {
  const unknown = args.find((arg) => !['--cpu', '--gpu', '--verify'].includes(arg));
  if (unknown !== undefined || (args.includes('--cpu') && args.includes('--gpu'))) {
    process.stderr.write(unknown === undefined ? USAGE : `Unknown option ${unknown}.\n${USAGE}`);
    return 2;
  }
  const choice = args.includes('--gpu') ? 'gpu' : args.includes('--cpu') ? 'cpu' : undefined;
  const options = choice === undefined ? {} : /** @type {const} */ ({ variant: choice });
  if (args.includes('--verify')) await verifyInstalled(ROOT, progress);
  const { changed } = await ensureInstalled(ROOT, progress, options);
  process.stderr.write(
    changed ? 'KARST Studio is set up.\n' : 'KARST Studio is set up: nothing was missing.\n',
  );
  return 0;
}

/**
 * @param {readonly string[]} args
 * @param {Progress} progress
 */
async function start(args, progress) {
  const [option, home] = args;
  if (args.length > 0 && (option !== '--home' || home === undefined || args.length > 2)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { node } = await ensureInstalled(ROOT, progress);
  return startStudio(ROOT, node, { home: home ?? null }, progress);
}

/** @param {Progress} progress */
async function build(progress) {
  const { node } = await ensureInstalled(ROOT, progress);
  await ensureBuilt(ROOT, ['renderer', 'shell'], node, progress);
}

/**
 * @param {readonly string[]} args script, relative to the checkout, and its arguments
 * @param {Progress} progress
 */
async function runReady(args, progress) {
  const { node } = await ensureInstalled(ROOT, progress);
  const [script = '', ...rest] = args;
  return runInForeground(node, [join(ROOT, script), ...rest]);
}

/** @param {unknown} error */
function tell(error) {
  if (error instanceof SetupProblem) {
    process.stderr.write(`\n${error.message}\n${error.hint}\n`);
    return;
  }
  process.stderr.write(`\nSet-up failed: ${String(error)}\n`);
  if (error instanceof Error && error.stack) process.stderr.write(`${error.stack}\n`);
}

main(process.argv.slice(2)).then(endLike, (/** @type {unknown} */ error) => {
  tell(error);
  process.exitCode = 1;
});
