#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCacheFolder } from '../platform/cache-folder.mjs';
import { OLDEST_WITH_TYPES, packagedNode } from '../platform/node-runtime.mjs';

/**
 * The `karst` command. Plain JavaScript, because a Node without TypeScript support may start it; it
 * then hands over to the project's own Node.
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** @param {readonly string[]} args */
async function start(args) {
  if (!existsSync(join(ROOT, 'node_modules', 'commander'))) {
    refuse(
      args,
      `KARST Studio is not set up: ${join(ROOT, 'node_modules')} lacks its packages.`,
      `Run \`npm run setup\` in ${ROOT}.`,
    );
    return;
  }
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_WITH_TYPES) {
    // Set in the environment because the engine's processes inherit it.
    process.env.NODE_COMPILE_CACHE ??= compileCacheFolder();
    endWithLauncher();
    module.enableCompileCache();
    const { main } = await import('./program.ts');
    process.exitCode = await main(args);
    return;
  }
  const node = packagedNode(ROOT);
  if (node === null) {
    refuse(
      args,
      `KARST Studio runs on Node ${OLDEST_WITH_TYPES} or newer, and this is Node ${process.versions.node}.`,
      'Run `npm run setup`, or install a newer Node from https://nodejs.org.',
    );
    return;
  }
  handOver(node, args);
}

/**
 * Runs this script on another Node, sharing the terminal and forwarding signals and the exit
 * status. The channel tells it when this process was killed.
 *
 * @param {string} node
 * @param {readonly string[]} args
 */
function handOver(node, args) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(name, () => {
      // A terminal sends Ctrl-C to the child as well.
      if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name);
    });
  }
  child.on('error', (error) => {
    refuse(args, `${node} could not be started: ${error.message}.`, 'Run `npm run setup`.');
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}

/** Ends as at Ctrl-C when a launcher that handed over is killed: nobody would see the rest. */
function endWithLauncher() {
  process.channel?.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

/**
 * @param {readonly string[]} args
 * @param {string} message
 * @param {string} hint
 */
function refuse(args, message, hint) {
  process.exitCode = 1;
  if (args.includes('--json')) {
    process.stdout.write(
      `${JSON.stringify({ error: { code: 'not-available', message, hint } })}\n`,
    );
  } else process.stderr.write(`error: ${message}\nhint:  ${hint}\n`);
}

for (const stream of [process.stdout, process.stderr]) {
  // `karst … | head` closes the pipe early, which is not a failure.
  stream.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

await start(process.argv.slice(2));
