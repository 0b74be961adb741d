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
 * A part that is built from sources: the pages or the desktop shell.
 *
 * @typedef {'renderer' | 'shell'} Part
 */

/**
 * How something is built.
 *
 * @typedef {object} Recipe
 * @property {string} name of its folder in `dist`
 * @property {string} label
 * @property {readonly string[]} sources files and folders it is built from
 * @property {(folder: string) => readonly string[]} command script and arguments for a folder
 */

const VITE = join('node_modules', 'vite', 'bin', 'vite.js');
/** Sources of the pages. */
export const PAGES = ['renderer', 'shared', 'vite.config.ts', 'package-lock.json'];
/** Sources of the shell. */
export const SHELL = [
  ...['main/electron', 'main/platform', 'main/host/home.ts', 'shared'],
  ...['main/setup/packaging/bundle-shell.mjs', 'package-lock.json'],
];

/** @type {Record<Part, Recipe>} */
const RECIPES = {
  renderer: {
    name: 'renderer',
    label: 'the pages',
    sources: PAGES,
    command: (folder) => [VITE, 'build', '--outDir', folder, '--logLevel', 'warn'],
  },
  shell: {
    name: 'shell',
    label: 'the desktop shell',
    sources: SHELL,
    command: (folder) => [join('main', 'setup', 'packaging', 'bundle-shell.mjs'), folder],
  },
};

/**
 * @param {string} root of the checkout
 * @param {Part | Recipe} part
 * @returns {string} its output folder
 */
export function builtFolder(root, part) {
  return join(root, 'dist', recipeOf(part).name);
}

/**
 * Whether the part was built from the current sources.
 *
 * @param {string} root of the checkout
 * @param {Part | Recipe} part
 * @returns {boolean}
 */
export function isBuilt(root, part) {
  const recipe = recipeOf(part);
  const stamp = stampFile(root, recipe);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root, recipe);
}

/**
 * Builds parts that are missing or out of date. Keeps the old output until the build is complete.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {readonly (Part | Recipe)[]} parts
 * @param {string} node the project's Node
 * @param {Progress} progress
 * @returns {Promise<void>}
 * @throws {SetupProblem} when a part cannot be built
 */
export async function ensureBuilt(root, parts, node, progress) {
  for (const part of parts) {
    const recipe = recipeOf(part);
    if (isBuilt(root, recipe)) continue;
    await withInstallLock(join(root, 'dist', `.${recipe.name}.lock`), async () => {
      // Another command may have built it while this one waited.
      if (!isBuilt(root, recipe)) await build(root, recipe, node, progress);
    });
  }
}

/**
 * @param {Part | Recipe} part
 * @returns {Recipe}
 */
function recipeOf(part) {
  return typeof part === 'string' ? RECIPES[part] : part;
}

/**
 * @param {string} root
 * @param {Recipe} recipe
 * @param {string} node
 * @param {Progress} progress
 */
async function build(root, recipe, node, progress) {
  const { name, label, command } = recipe;
  const made = fingerprint(root, recipe);
  const folder = builtFolder(root, recipe);
  const temporary = join(root, 'dist', `.${name}.${randomUUID()}`);
  const before = `${temporary}.before`;
  progress.start(`Building ${label}`);
  try {
    const [script = '', ...args] = command(temporary);
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
    const { code, output } = await runCommand(node, [script, ...args], { cwd: root, env });
    if (code !== 0) {
      // Drops the bundler's stack trace, which says nothing about the fault in the sources.
      const said = stripVTControlCharacters(output)
        .split('\n')
        .filter((line) => !/^\s+at /.test(line));
      throw new SetupProblem(
        `Building ${label} failed:\n${lastLines(said.join('\n'), 30)}`,
        'Correct what it says, and run the same command again.',
      );
    }
    rmSync(stampFile(root, recipe), { force: true });
    if (existsSync(folder)) renameSync(folder, before);
    renameSync(temporary, folder);
    writeFileSync(stampFile(root, recipe), made);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    rmSync(before, { recursive: true, force: true });
  }
  progress.finish(`Built ${label}`);
}

/**
 * @param {string} root
 * @param {Recipe} recipe
 */
function stampFile(root, recipe) {
  return join(root, 'dist', `.${recipe.name}.sources`);
}

/**
 * Hash over the names and contents of the sources.
 *
 * @param {string} root
 * @param {Recipe} recipe
 */
function fingerprint(root, recipe) {
  const hash = createHash('sha256');
  for (const source of recipe.sources) {
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
