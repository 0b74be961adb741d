import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(fileURLToPath(import.meta.url));

/**
 * Allowed imports between layers, as in ARCHITECTURE.md. A file belongs to the first layer whose
 * folder contains it and may import its own layer and those listed. Tests may import everything;
 * files outside all layers (package.json, assets) may be imported by any.
 */
const LAYERS = [
  // The shell is bundled for Electron's own Node; of the host it uses only the data folder's path.
  { folder: 'main/electron', imports: ['main/host/home.ts', 'main/platform', 'shared'] },
  // The host also builds training graphs, to estimate their memory, but never runs them.
  {
    folder: 'main/host',
    imports: [
      'main/graph',
      'main/engine/train/programs.ts',
      'main/tasks',
      'main/backends/tensorflow/memory.ts',
      'main/formats',
      'main/hub',
      'main/platform',
      'shared',
    ],
  },
  // The graph language is independent of networks, methods and back ends.
  { folder: 'main/graph', imports: [] },
  { folder: 'main/backends', imports: ['main/graph', 'main/formats', 'shared'] },
  // A network uses the graph language and the shapes of its family, no method, setting or back end.
  { folder: 'main/networks', imports: ['main/graph', 'shared/models'] },
  // A method changes how a network is built and defines how it merges into the network's tensors.
  {
    folder: 'main/tuning',
    imports: ['main/graph', 'main/networks', 'shared/methods', 'shared/models'],
  },
  // Writes models for other programs and opens them in those; the engine makes what it writes.
  { folder: 'main/exports', imports: ['main/graph', 'main/backends', 'main/formats', 'shared'] },
  // Tasks define what is learnt as computations, without devices or files.
  { folder: 'main/tasks', imports: ['main/graph', 'shared/domain', 'shared/tasks'] },
  {
    folder: 'main/engine',
    imports: [
      'main/graph',
      'main/networks',
      'main/tuning',
      'main/tasks',
      'main/backends',
      'main/exports',
      'main/formats',
      'main/platform',
      'shared',
    ],
  },
  {
    folder: 'main/formats',
    imports: ['shared/domain', 'shared/fields', 'shared/methods', 'shared/models', 'shared/tasks'],
  },
  // The one use of a network: models of the hub, when they are asked for.
  { folder: 'main/hub', imports: ['main/formats', 'shared/domain'] },
  { folder: 'main/cli', imports: ['main/host', 'main/formats', 'main/platform', 'shared'] },
  { folder: 'main/platform', imports: [] },
  // Installs, builds and packages; packaged code must not depend on it.
  { folder: 'main/setup', imports: ['main/platform'] },
  { folder: 'renderer', imports: ['shared'] },
  { folder: 'shared', imports: [] },
];

/**
 * The rooms of each layer, from the bottom up: a file may import its own room and those of earlier
 * rows, but no other room of its row. `.` stands for the unlisted files directly in the folder.
 *
 * @type {Readonly<Record<string, readonly (readonly string[])[]>>}
 */
const ROOMS = {
  // The interface of back ends to the engine, then the independent implementations.
  'main/backends': [
    ['session.ts', 'feeds.ts'],
    ['tfjs', 'tensorflow', 'webgpu'],
  ],
  'main/exports': [
    ['exporter.ts'],
    ['card.ts'],
    ['companions.ts'],
    ['timm.ts', 'onnx', 'saved-model'],
    ['registry.ts'],
  ],
  'main/host': [
    ['home.ts', 'owner.ts', 'version.ts', 'events.ts'],
    ['store'],
    // Types only: the host's public interface and the interfaces between its rooms.
    ['contract'],
    ['engine'],
    ['services'],
    ['tasks', 'media'],
    ['scheduler'],
    ['procedures', 'open-studio.ts'],
    ['api'],
    ['serve'],
  ],
  'main/host/services': [
    ['.'],
    ['settings', 'diagnosis', 'datasets'],
    ['adapters'],
    ['planning'],
    ['runs'],
  ],
  'main/engine': [
    ['random.ts', 'failure.ts'],
    ['initialisers.ts', 'data'],
    ['runtime', 'backbone', 'model'],
    ['programs'],
    ['evaluate'],
    ['merge', 'train'],
    ['jobs'],
    ['entry.ts'],
  ],
  renderer: [
    ['locales', 'styles'],
    ['i18n.ts'],
    ['domain', 'bridge'],
    ['stores'],
    ['composables'],
    ['components'],
    ['frame'],
    ['views'],
    ['router.ts'],
    ['App.vue'],
    ['main.ts'],
  ],
};

/** Imports that are forbidden although the target is in a lower row. */
const CLOSED = [
  // Components receive what they show from their parents.
  { folder: 'renderer/components', to: 'renderer/stores' },
];

/** Folders whose subfolders must not import each other. */
const APART = ['renderer/views'];

/** Packages that only these folders may import. */
const RESERVED = [
  { package: /^electron(\/|$)/, folders: ['main/electron'] },
  { package: /^@tensorflow\//, folders: ['main/backends', 'main/engine'] },
  { package: /^@huggingface\//, folders: ['main/hub'] },
  { package: /^better-sqlite3(\/|$)/, folders: ['main/host/store'] },
  { package: /^onnxruntime-node(\/|$)/, folders: ['main/exports'] },
  { package: /^webgpu(\/|$)/, folders: ['main/engine/runtime'] },
];

/** Run before packages are installed or must not need any: only Node's built-in modules allowed. */
const WITHOUT_PACKAGES = ['main/platform', 'main/setup'];
/** Exceptions, which run after packages are installed. */
const WITH_PACKAGES = ['main/setup/packaging'];

/**
 * @param {string} path with forward slashes, relative to the checkout
 * @param {string} place folder or file
 */
function isIn(path, place) {
  return path === place || path.startsWith(`${place}/`);
}

/**
 * @param {string} path relative to the checkout
 * @param {string} folder
 * @returns {string | null} the folder's direct child that is or contains `path`; null outside
 */
function partOf(path, folder) {
  return isIn(path, folder) ? (path.slice(folder.length + 1).split('/')[0] ?? null) : null;
}

/**
 * @param {string} path
 * @param {string} folder
 * @returns {number} row of its room in `ROOMS`; -1 when it has none
 */
function rowOf(path, folder) {
  const rows = ROOMS[folder] ?? [];
  const part = partOf(path, folder);
  if (part === null) return -1;
  const named = rows.findIndex((row) => row.includes(part));
  const lies = path === `${folder}/${part}`;
  return named < 0 && lies ? rows.findIndex((row) => row.includes('.')) : named;
}

/**
 * @param {string} file the importing file
 * @param {string} target the imported file
 * @returns {string | null} the violation between rooms of one layer, or null
 */
function forbiddenRoom(file, target) {
  for (const folder of Object.keys(ROOMS)) {
    const [from, to] = [rowOf(file, folder), rowOf(target, folder)];
    const other = partOf(file, folder) !== partOf(target, folder);
    const sameRoom = from === to && (!other || ROOMS[folder]?.[from]?.includes('.') === true);
    if (from < 0 || to < 0 || sameRoom || to < from) continue;
    return `${folder} lies in rows, and ${file} must not import ${target} of the same row or one above.`;
  }
  const closed = CLOSED.find((one) => isIn(file, one.folder) && isIn(target, one.to));
  if (closed !== undefined) return `${closed.folder} must not import ${closed.to}.`;
  const apart = APART.find((folder) => {
    const [mine, other] = [partOf(file, folder), partOf(target, folder)];
    const inFolders = file !== `${folder}/${mine}` && target !== `${folder}/${other}`;
    return mine !== null && other !== null && mine !== other && inFolders;
  });
  if (apart !== undefined) return `The folders of ${apart} do not import each other (${target}).`;
  return null;
}

/**
 * @param {string} file the importing file, relative to the checkout
 * @param {string} source the module specifier
 * @returns {string | null} the violation, or null
 */
function forbiddenImport(file, source) {
  if (isIn(file, 'test')) return null;
  const layer = LAYERS.find(({ folder }) => isIn(file, folder));
  if (source.startsWith('.')) {
    if (layer === undefined) return null;
    const target = relative(ROOT, resolve(ROOT, dirname(file), source))
      .split(sep)
      .join('/');
    const other = LAYERS.find(({ folder }) => isIn(target, folder));
    if (isIn(target, 'test')) return `${file} imports a test (${target}).`;
    if (other === layer) return forbiddenRoom(file, target);
    if (other === undefined) return null;
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
 * A syntax-tree node that only TypeScript has.
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
     * @param {unknown} source node of the module specifier
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
