import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Bundles the shell into two scripts for Electron. The argument is the output folder.
 */

const SHELL = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'electron');
const [folder] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('Usage: node main/setup/packaging/bundle-shell.mjs FOLDER');

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  format: 'cjs',
  external: ['electron'],
  logLevel: 'warning',
  legalComments: 'none',
  charset: 'utf8',
};

await Promise.all([
  build({
    ...common,
    entryPoints: [join(SHELL, 'main.ts')],
    outfile: join(folder, 'main.cjs'),
    platform: 'node',
    target: 'node18',
  }),
  build({
    ...common,
    entryPoints: [join(SHELL, 'preload.ts')],
    outfile: join(folder, 'preload.cjs'),
    platform: 'browser',
    target: 'chrome114',
  }),
]);
