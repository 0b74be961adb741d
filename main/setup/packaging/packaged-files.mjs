import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

/** Folders whose modules the packaged application runs, on the project's own Node. */
const ROOMS = [
  ...['main/cli', 'main/host', 'main/engine', 'main/backends', 'main/graph', 'main/formats'],
  ...['main/networks', 'main/tuning', 'main/tasks', 'main/platform', 'shared'],
];

const MODULE = /\.(ts|mjs)$/;
/** Statements, and calls of `import`; what comments import are types. */
const IMPORTED = /(?:^(?:import|export|\})[^'\n]*|\bimport\()'(\.{1,2}\/[^']+)'/gm;

/**
 * Which of the checkout's files lie beside the archive, as electron-builder's patterns.
 *
 * @returns {string[]} relative to it, with forward slashes
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
 * What the packaged modules import, each of which has to be packaged, too.
 *
 * @param {string} root of the checkout
 * @returns {string[]} relative to it, with forward slashes
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
