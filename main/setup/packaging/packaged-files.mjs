import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

/** Folders whose modules the packaged application runs on the project's own Node. */
const ROOMS = [
  ...['main/cli', 'main/host', 'main/engine', 'main/backends', 'main/graph', 'main/formats'],
  ...[
    'main/exports',
    'main/hub',
    'main/networks',
    'main/tuning',
    'main/tasks',
    'main/platform',
    'shared',
  ],
];

const MODULE = /\.(ts|mjs)$/;
/** Import and export statements and `import()` calls. Imports in comments are of types only. */
const IMPORTED = /(?:^(?:import|export|\})[^'\n]*|\bimport\()'(\.{1,2}\/[^']+)'/gm;

/**
 * The checkout's files to place beside the archive, as electron-builder patterns.
 *
 * @returns {string[]} relative to the checkout, with forward slashes
 */
export function studioFiles() {
  return [
    'LICENSE',
    'main/assets/**/*',
    '!main/assets/desktop{,/**/*}',
    '!**/*.py',
    ...ROOMS.map((room) => `${room}/**/*`),
  ];
}

/**
 * All files that the packaged modules import; each must be packaged as well.
 *
 * @param {string} root of the checkout
 * @returns {string[]} relative to the checkout, with forward slashes
 */
export function importedAtRunTime(root) {
  const modules = ROOMS.flatMap((room) => modulesIn(root, room));
  return [...new Set(modules.flatMap((file) => importedBy(root, file)))].sort();
}

/**
 * @param {string} root
 * @param {string} file
 */
function importedBy(root, file) {
  const imports = readFileSync(join(root, file), 'utf8').matchAll(IMPORTED);
  return [...imports].map(([, source = '']) => posix.join(dirname(file), source));
}

/**
 * @param {string} root
 * @param {string} folder
 */
function modulesIn(root, folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && MODULE.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
