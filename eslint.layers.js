import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(fileURLToPath(import.meta.url));

/**
 * Who may import whom, as ARCHITECTURE.md draws it. A file belongs to the first layer whose folder holds
 * it; it may import its own layer and those named here. Tests may import everything; what belongs to no
 * layer (package.json, assets) is open to all.
 */
const LAYERS = [
  // The shell is bundled for Electron's own Node: of the host it knows where the data lies, and its messages.
  { folder: 'main/electron', imports: ['main/host/home.ts', 'main/platform', 'shared'] },
  // Of a training the host makes the graphs, too, to say what memory they take; it runs none.
  {
    folder: 'main/host',
    imports: [
      'main/graph',
      'main/engine/train/programs.ts',
      'main/tasks',
      'main/backends/tensorflow/memory.ts',
      'main/formats',
      'main/platform',
      'shared',
    ],
  },
  // The language of computations knows nothing of what is computed with it, nor on what.
  { folder: 'main/graph', imports: [] },
  { folder: 'main/backends', imports: ['main/graph', 'main/formats', 'shared'] },
  // A network knows the language and the shapes of its family: no method, no setting, no back end.
  { folder: 'main/networks', imports: ['main/graph', 'shared/models'] },
  // A method changes how a network is built and says what it comes to in the network's own tensors.
  {
    folder: 'main/tuning',
    imports: ['main/graph', 'main/networks', 'shared/methods', 'shared/models'],
  },
  // What is learnt, as computations: no device, no file.
  { folder: 'main/tasks', imports: ['main/graph', 'shared/domain', 'shared/tasks'] },
  {
    folder: 'main/engine',
    imports: [
      'main/graph',
      'main/networks',
      'main/tuning',
      'main/tasks',
      'main/backends',
      'main/formats',
      'main/platform',
      'shared',
    ],
  },
  {
    folder: 'main/formats',
    imports: ['shared/domain', 'shared/fields', 'shared/methods', 'shared/models', 'shared/tasks'],
  },
  { folder: 'main/cli', imports: ['main/host', 'main/formats', 'main/platform', 'shared'] },
  { folder: 'main/platform', imports: [] },
  // Installs, builds and packages: nothing that is packaged may need it.
  { folder: 'main/setup', imports: ['main/platform'] },
  { folder: 'renderer', imports: ['shared'] },
  { folder: 'shared', imports: [] },
];

/** Packages that these folders alone may import. */
const RESERVED = [
  { package: /^electron(\/|$)/, folders: ['main/electron'] },
  { package: /^@tensorflow\//, folders: ['main/backends', 'main/engine'] },
  { package: /^better-sqlite3(\/|$)/, folders: ['main/host/store'] },
];

/** What runs before packages are installed, or must not depend on any, imports Node's own modules only. */
const WITHOUT_PACKAGES = ['main/platform', 'main/setup'];
/** Of these, what runs when they are installed. */
const WITH_PACKAGES = ['main/setup/packaging'];

/**
 * @param {string} path with forward slashes, relative to the checkout
 * @param {string} place folder or file
 */
function isIn(path, place) {
  return path === place || path.startsWith(`${place}/`);
}

/**
 * @param {string} file that imports, relative to the checkout
 * @param {string} source what it imports
 * @returns {string | null} what is wrong with it; null when nothing is
 */
export function forbiddenImport(file, source) {
  if (isIn(file, 'test')) return null;
  const layer = LAYERS.find(({ folder }) => isIn(file, folder));
  if (source.startsWith('.')) {
    if (layer === undefined) return null;
    const target = relative(ROOT, resolve(ROOT, dirname(file), source))
      .split(sep)
      .join('/');
    const other = LAYERS.find(({ folder }) => isIn(target, folder));
    if (isIn(target, 'test')) return `${file} imports a test (${target}).`;
    if (other === undefined || other === layer) return null;
    if (layer.imports.some((place) => isIn(target, place))) return null;
    return `${layer.folder} must not import ${target}; it may import ${layer.imports.join(', ') || 'nothing outside itself'}.`;
  }
  const reserved = RESERVED.find((entry) => entry.package.test(source));
  if (reserved !== undefined && !reserved.folders.some((folder) => isIn(file, folder))) {
    return `Only ${reserved.folders.join(' and ')} imports ${source}.`;
  }
  const place = WITH_PACKAGES.some((folder) => isIn(file, folder))
    ? undefined
    : WITHOUT_PACKAGES.find((folder) => isIn(file, folder));
  if (place !== undefined && !source.startsWith('node:')) {
    return `${place} imports no packages, since it runs before they are installed.`;
  }
  return null;
}

/**
 * A node that TypeScript adds to the tree.
 *
 * @typedef {import('estree').Node & { source?: unknown, expression?: unknown }} TypedNode
 */

/** @type {import('eslint').Rule.RuleModule} */
const importLayers = {
  meta: {
    type: 'problem',
    docs: { description: 'keep the imports between folders as ARCHITECTURE.md draws them' },
    schema: [],
  },
  create(context) {
    const file = relative(ROOT, context.filename).split(sep).join('/');
    /**
     * @param {import('estree').Node} node
     * @param {unknown} source node of the module's name
     */
    const check = (node, source) => {
      const name = /** @type {{ value?: unknown } | null | undefined} */ (source)?.value;
      if (typeof name !== 'string') return;
      const message = forbiddenImport(file, name);
      if (message !== null) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => {
        check(node, node.source);
      },
      ExportNamedDeclaration: (node) => {
        check(node, node.source);
      },
      ExportAllDeclaration: (node) => {
        check(node, node.source);
      },
      ImportExpression: (node) => {
        check(node, node.source);
      },
      /** @param {TypedNode} node `import('…')` in a type */
      TSImportType: (node) => {
        check(node, node.source);
      },
      /** @param {TypedNode} node `import x = require('…')` */
      TSExternalModuleReference: (node) => {
        check(node, node.expression);
      },
      // Both `require('…')` and `createRequire(import.meta.url)('…')`.
      CallExpression: (node) => {
        const { callee } = node;
        const direct = callee.type === 'Identifier' && callee.name === 'require';
        const made =
          callee.type === 'CallExpression' &&
          callee.callee.type === 'Identifier' &&
          callee.callee.name === 'createRequire';
        if (direct || made) check(node, node.arguments[0]);
      },
    };
  },
};

export const layersPlugin = { meta: { name: 'karst' }, rules: { 'import-layers': importLayers } };
