import { build, Platform } from 'electron-builder';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILT, PACKAGE, RUNTIME } from '../../platform/addons.mjs';
import { runCommand } from '../command.mjs';
import { ensureElectron, versionOf } from '../electron-binary.mjs';
import { npmName } from '../prerequisites.mjs';
import { Progress } from '../progress.mjs';
import { SetupProblem } from '../setup-problem.mjs';
import { makeDebianPackage } from './debian-package.mjs';
import { studioFiles } from './packaged-files.mjs';

/**
 * Packages the application for this platform:
 * `package.mjs [--dir | --deb] [--out FOLDER] [--link] [--version V] [--config FILE]`.
 * --dir builds the folder only, --deb the folder and its Debian package; --link uses hard links
 * instead of copies, for a temporary folder; --version overrides that of the checkout; --config
 * adds a JSON file to electron-builder's configuration.
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** Location of the TensorFlow that the addon loads; on Windows it is the npm package's. */
const TENSORFLOW = process.platform === 'win32' ? join(PACKAGE, 'deps') : RUNTIME;

/** The folder of this platform in the package webgpu. */
function dawnFolder() {
  return `${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`;
}

/** Excludes the files of packages that are not needed at run time, a third of their size. */
const LEFT_OUT = [
  '!**/*.{map,ts,mts,cts,tsbuildinfo,min.js}',
  '!**/*{_test,.spec}.js',
  '!**/*.{h,c,cc,gyp,gypi,py,sh}',
  '!**/{test,tests,test_snippets,test_data,docs,benchmarks,coverage,demo,example,examples}{,/**}',
  '!**/{.github,.github/**,.*rc,.editorconfig,.npmignore,.travis.yml,karma.*,tsconfig*.json,run_tests.js}',
  '!node-*/{include,share}/**',
  '!{better-sqlite3,sharp}/{deps,src}{,/**}',
  '!node-addon-api{,/**}',
  '!@tensorflow/tfjs/tools{,/**}',
  `!better-sqlite3/prebuilds/!(${process.platform}-${process.arch}).node`,
  '!@tensorflow/tfjs-node-gpu/{deps,binding,src,scripts}{,/**}',
  // Libraries for all systems, of 290 MB; its script and own packages download others at set-up.
  `!onnxruntime-node/bin/napi-v6/!(${process.platform}){,/**}`,
  `!onnxruntime-node/bin/napi-v6/${process.platform}/!(${process.arch}){,/**}`,
  '!onnxruntime-node/{script,node_modules}{,/**}',
  // Dawn for all systems, of 130 MB; the rest builds it.
  `!webgpu/dist/!(${dawnFolder()}){,/**}`,
  '!webgpu/build{,/**}',
  // Older set-ups built the addon here; it is now in another folder.
  ...(process.platform === 'win32' ? [] : ['!@tensorflow/tfjs-node-gpu/lib{,/**}']),
  '!@tensorflow/**/*.{es2017,fesm}.js',
];

/** Folder of the packaged application on Linux. */
const FOLDER = process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`;

/** Dependencies of other packages that contain only types. */
const TYPES_ONLY = [/^typescript$/, /^@types\//, /^@webgpu\/types$/];

/** @typedef {{ dir: boolean, deb: boolean, link: boolean, out: string, version: string, config: string | null }} Options */

/**
 * @param {readonly string[]} args
 * @returns {Options | null} null when they are invalid
 */
function parseArguments(args) {
  const { version } = /** @type {{ version: string }} */ (
    JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  );
  const out = join(ROOT, 'release');
  /** @type {Options} */
  const options = { dir: false, deb: false, link: false, out, version, config: null };
  for (let index = 0; index < args.length; index += 1) {
    const next = args[index + 1];
    if (args[index] === '--dir') options.dir = true;
    else if (args[index] === '--deb') options.deb = true;
    else if (args[index] === '--link') options.link = true;
    else if (args[index] === '--out' && next !== undefined) {
      options.out = resolve(next);
      index += 1;
    } else if (args[index] === '--config' && next !== undefined) {
      options.config = resolve(next);
      index += 1;
    } else if (args[index] === '--version' && next !== undefined) {
      options.version = next;
      index += 1;
    } else return null;
  }
  return options.dir && options.deb ? null : options;
}

/** @returns {Promise<string[]>} the packages needed at run time, as folders in node_modules */
async function productionPackages() {
  const list = ['ls', '--omit=dev', '--all', '--parseable'];
  // npm's exit code is ignored: it also fails for missing optional packages of other platforms.
  const { output } = await runCommand(npmName(), list, { cwd: ROOT });
  const modules = join(ROOT, 'node_modules');
  const names = output
    .split('\n')
    .map((line) => line.trim())
    .filter((path) => path.startsWith(modules + sep) && existsSync(join(path, 'package.json')))
    .map((path) => withSlashes(relative(modules, path)))
    .filter((name) => !TYPES_ONLY.some((pattern) => pattern.test(name)));
  if (names.length === 0) {
    throw new SetupProblem(
      'npm does not list the packages of this checkout.',
      'Run `npm run setup` and then this again.',
    );
  }
  return [...new Set(names)].sort();
}

/** @returns {Promise<import('electron-builder').FileSet[]>} computed files beside the archive */
async function computedResources() {
  const packages = await productionPackages();
  // Packages nested in another one's node_modules are included with it.
  const outer = packages.filter((name) => !name.includes('/node_modules/'));
  const runtime = realpathSync(join(ROOT, TENSORFLOW));
  return [
    { from: ROOT, to: 'studio', filter: studioFiles() },
    {
      from: join(ROOT, 'node_modules'),
      to: 'studio/node_modules',
      filter: [...outer.map((name) => `${name}/**/*`), ...LEFT_OUT],
    },
    { from: join(ROOT, BUILT), to: `studio/${withSlashes(BUILT)}`, filter: ['*.node'] },
    // Only the versioned library names: the others are for linking.
    {
      from: join(runtime, 'lib'),
      to: `studio/${withSlashes(TENSORFLOW)}/lib`,
      filter: ['**/*', '!libtensorflow.{so,dylib}', '!libtensorflow_framework.{so,dylib}'],
    },
    ...(existsSync(join(runtime, 'nvidia'))
      ? [{ from: join(runtime, 'nvidia'), to: `studio/${withSlashes(TENSORFLOW)}/nvidia` }]
      : []),
  ];
}

/** @param {string} path */
function withSlashes(path) {
  return path.split(sep).join('/');
}

/**
 * The Electron to package.
 *
 * @returns {Promise<import('electron-builder').Configuration>}
 */
async function electronOptions() {
  const electron = await ensureElectron(ROOT, process.execPath, new Progress());
  if ('missing' in electron) {
    throw new SetupProblem(
      `${electron.missing}.`,
      'Check the connection, or let ELECTRON_OVERRIDE_DIST_PATH name a folder with an Electron.',
    );
  }
  const version = versionOf(electron.path);
  return {
    electronDist: distributionOf(electron.path),
    ...(version === null ? {} : { electronVersion: version }),
  };
}

/**
 * The folder of the executable, or on macOS of its bundle.
 *
 * @param {string} electron
 */
function distributionOf(electron) {
  return process.platform === 'darwin' ? resolve(electron, '../../../..') : dirname(electron);
}

/**
 * @param {string} path
 * @returns {import('electron-builder').Configuration}
 */
function furtherConfiguration(path) {
  return /** @type {import('electron-builder').Configuration} */ (
    JSON.parse(readFileSync(path, 'utf8'))
  );
}

/** @param {readonly string[]} args */
async function main(args) {
  const options = parseArguments(args);
  if (options === null) {
    process.stderr.write(
      'Usage: main/setup/packaging/package.mjs [--dir | --deb] [--out FOLDER] [--link] [--version V] [--config FILE]\n',
    );
    return 2;
  }
  if (options.link) process.env['USE_HARD_LINKS'] = 'true';
  const made = await build({
    projectDir: ROOT,
    targets: Platform.current().createTarget(options.dir || options.deb ? 'dir' : undefined),
    publish: 'never',
    config: {
      extends: join(ROOT, 'electron-builder.yml'),
      directories: { output: options.out },
      extraMetadata: { version: options.version },
      extraResources: await computedResources(),
      ...(await electronOptions()),
      ...(options.config === null ? {} : furtherConfiguration(options.config)),
    },
  });
  if (options.deb || (process.platform === 'linux' && !options.dir))
    made.push(await makeDebianPackage(join(options.out, FOLDER), options));
  for (const path of made) process.stdout.write(`${path} (${megabytes(path)})\n`);
  process.stdout.write(`Packaged into ${options.out}\n`);
  return 0;
}

/** @param {string} path */
function megabytes(path) {
  return `${Math.round(statSync(path).size / 1e6)} MB`;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (/** @type {unknown} */ error) => {
    const problem = error instanceof SetupProblem ? `${error.message}\n${error.hint}` : error;
    process.stderr.write(`Packaging failed: ${String(problem)}\n`);
    process.exitCode = 1;
  },
);
