import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { lastLines, runCommand } from './command.mjs';
import { withInstallLock } from './install-lock.mjs';
import { SetupProblem } from './setup-problem.mjs';

/** @import { Progress } from './progress.mjs' */

/**
 * What is built from sources before it can be used: the pages, for today's browsers and for the Chromium of the
 * window tests, and the desktop shell.
 *
 * @typedef {'renderer' | 'renderer-test' | 'shell'} Part
 */

/**
 * @typedef {object} Recipe
 * @property {string} label
 * @property {readonly string[]} sources files and folders that it is made of
 * @property {(folder: string) => readonly string[]} command script and arguments that write it into a folder
 */

const VITE = join('node_modules', 'vite', 'bin', 'vite.js');
const PAGES = ['renderer', 'shared', 'vite.config.ts', 'package-lock.json'];

/** @type {Record<Part, Recipe>} */
const RECIPES = {
  renderer: {
    label: 'the pages',
    sources: PAGES,
    command: (folder) => [VITE, 'build', '--outDir', folder, '--logLevel', 'warn'],
  },
  'renderer-test': {
    label: 'the pages for the window tests',
    sources: PAGES,
    command: (folder) => [
      ...[VITE, 'build', '--mode', 'electron-test'],
      ...['--outDir', folder, '--logLevel', 'warn'],
    ],
  },
  shell: {
    label: 'the desktop shell',
    sources: [
      ...['main/electron', 'main/platform', 'main/host/home.ts', 'shared'],
      ...['main/setup/packaging/bundle-shell.mjs', 'package-lock.json'],
    ],
    command: (folder) => [join('main', 'setup', 'packaging', 'bundle-shell.mjs'), folder],
  },
};

/**
 * @param {string} root of the checkout
 * @param {Part} part
 * @returns {string} folder that holds it
 */
export function builtFolder(root, part) {
  return join(root, 'dist', part);
}

/**
 * Whether the part was built from the sources as they are now.
 *
 * @param {string} root of the checkout
 * @param {Part} part
 * @returns {boolean}
 */
export function isBuilt(root, part) {
  const stamp = stampFile(root, part);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root, part);
}

/**
 * Builds what is missing or older than its sources. What is there stays until the new one is whole.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {readonly Part[]} parts
 * @param {string} node the project's Node
 * @param {Progress} progress
 * @returns {Promise<void>}
 * @throws {SetupProblem} when it cannot be built
 */
export async function ensureBuilt(root, parts, node, progress) {
  for (const part of parts) {
    if (isBuilt(root, part)) continue;
    await withInstallLock(join(root, 'dist', `.${part}.lock`), async () => {
      // Another command may have built it while this one waited.
      if (!isBuilt(root, part)) await build(root, part, node, progress);
    });
  }
}

/**
 * @param {string} root
 * @param {Part} part
 * @param {string} node
 * @param {Progress} progress
 */
async function build(root, part, node, progress) {
  const { label, command } = RECIPES[part];
  const made = fingerprint(root, part);
  const folder = builtFolder(root, part);
  const temporary = join(root, 'dist', `.${part}.${randomUUID()}`);
  const before = `${temporary}.before`;
  progress.start(`Building ${label}`);
  try {
    const [script = '', ...args] = command(temporary);
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
    const { code, output } = await runCommand(node, [script, ...args], { cwd: root, env });
    if (code !== 0) {
      // Where in the bundler it was noticed says nothing about what is wrong in the sources.
      const said = stripVTControlCharacters(output)
        .split('\n')
        .filter((line) => !/^\s+at /.test(line));
      throw new SetupProblem(
        `Building ${label} failed:\n${lastLines(said.join('\n'), 30)}`,
        'Correct what it says, and run the same command again.',
      );
    }
    rmSync(stampFile(root, part), { force: true });
    if (existsSync(folder)) renameSync(folder, before);
    renameSync(temporary, folder);
    writeFileSync(stampFile(root, part), made);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    rmSync(before, { recursive: true, force: true });
  }
  progress.finish(`Built ${label}`);
}

/**
 * @param {string} root
 * @param {Part} part
 */
function stampFile(root, part) {
  return join(root, 'dist', `.${part}.sources`);
}

/**
 * The sources' names and contents.
 *
 * @param {string} root
 * @param {Part} part
 */
function fingerprint(root, part) {
  const hash = createHash('sha256');
  for (const source of RECIPES[part].sources) {
    for (const path of filesOf(join(root, source))) {
      hash.update(`\0${relative(root, path)}\0`).update(readFileSync(path));
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} path of a file or folder
 * @returns {string[]} in a fixed order
 */
function filesOf(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (found.isFile()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}
