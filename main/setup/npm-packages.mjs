import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { lastLines, runCommand } from './command.mjs';
import { packagedNode } from '../platform/node-runtime.mjs';
import { checkPrerequisites, npmName } from './prerequisites.mjs';
import { SetupProblem } from './setup-problem.mjs';

/** @import { Progress } from './progress.mjs' */

/**
 * @typedef {object} LockedPackage
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 * @property {string | string[]} [os]
 * @property {string | string[]} [cpu]
 * @property {string | string[]} [libc]
 */

/**
 * Whether `node_modules` matches the lockfile. A stamp with the lockfile's sha256 is checked first,
 * then npm's own record in `node_modules`, so that `npm install` by hand causes no reinstall.
 *
 * @param {string} root of the checkout
 * @returns {boolean}
 */
export function arePackagesReady(root) {
  const sha256 = createHash('sha256')
    .update(readFileSync(lockfile(root)))
    .digest('hex');
  const stamp = stampFile(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sha256) return true;
  if (!recordMatches(root)) return false;
  writeStamp(stamp, sha256);
  return true;
}

/**
 * Installs the packages exactly as locked, without their install scripts: none is needed, and some
 * download from places other than the registry.
 *
 * @param {string} root of the checkout
 * @param {Progress} progress
 * @returns {Promise<void>}
 * @throws {SetupProblem}
 */
export async function ensurePackages(root, progress) {
  if (arePackagesReady(root)) return;
  checkPrerequisites(['npm']);
  progress.start('Installing npm packages');
  const options = ['--ignore-scripts', '--include=optional', '--include=dev', '--no-audit'];
  const watch = setInterval(() => {
    const { present, wanted } = countPackages(root);
    progress.advance(present, wanted, 'packages');
  }, 500);
  let result = await runNpm(root, ['ci', ...options], undefined).finally(() => {
    clearInterval(watch);
  });
  const node = packagedNode(root);
  if (result.code === 0 && !arePackagesReady(root) && node !== null) {
    // npm leaves out optional packages whose `engines` exclude the Node it runs on; the project's
    // is newer.
    result = await runNpm(root, ['install', '--no-save', ...options], node);
  }
  if (result.code !== 0 || !arePackagesReady(root)) {
    throw new SetupProblem(
      `The npm packages could not be installed. npm says:\n${complaints(result.output)}`,
      'Check the connection (set-up is the only time it is needed) and run the set-up again.',
    );
  }
  progress.finish('npm packages installed');
}

/**
 * Progress of npm, which unpacks packages into their final places one after the other.
 *
 * @param {string} root
 */
function countPackages(root) {
  const wanted = Object.entries(lockedPackages(lockfile(root))).filter(
    ([path, entry]) => path !== '' && (!isOptional(entry) || isForHere(entry)),
  );
  const present = wanted.filter(([path]) => existsSync(join(root, path, 'package.json')));
  return { present: present.length, wanted: wanted.length };
}

/**
 * Extracts npm's reason, which is in its first error lines, after the warnings.
 *
 * @param {string} output
 */
function complaints(output) {
  const lines = output.split('\n').filter((line) => line.startsWith('npm error '));
  return lines.length === 0 ? lastLines(output) : lines.slice(0, 10).join('\n');
}

/** @param {string} root */
function lockfile(root) {
  return join(root, 'package-lock.json');
}

/** @param {string} root The stamp is in node_modules, so that it is deleted with it. */
function stampFile(root) {
  return join(root, 'node_modules', '.karst', 'lockfile.sha256');
}

/**
 * @param {string} path
 * @param {string} sha256
 */
function writeStamp(path, sha256) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, sha256);
}

/** @param {string} root */
function recordMatches(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const present = lockedPackages(record);
  return Object.entries(lockedPackages(lockfile(root))).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    if (found === undefined || !existsSync(join(root, path, 'package.json'))) {
      return isOptional(entry) && !isForHere(entry);
    }
    return found.integrity === entry.integrity;
  });
}

/**
 * @param {string} path of a lockfile, or of npm's record of what is installed, which has the same
 *   form
 * @returns {Record<string, LockedPackage>} by path, e.g. `node_modules/sharp`
 */
function lockedPackages(path) {
  const lockfile = /** @type {{ packages: Record<string, LockedPackage> }} */ (
    JSON.parse(readFileSync(path, 'utf8'))
  );
  return lockfile.packages;
}

/** @param {LockedPackage} entry */
function isOptional(entry) {
  return (entry.optional ?? entry.devOptional) === true;
}

/**
 * Whether a package is specific to this platform. False for packages that name no platform, since
 * npm may omit those that only packages for other platforms depend on.
 *
 * @param {LockedPackage} entry
 */
function isForHere({ os, cpu, libc }) {
  if (os === undefined || cpu === undefined) return false;
  /** @param {string | string[]} names */
  const list = (names) => (typeof names === 'string' ? [names] : names);
  return (
    list(os).includes(process.platform) &&
    list(cpu).includes(process.arch) &&
    (libc === undefined || list(libc).includes(isMusl() ? 'musl' : 'glibc'))
  );
}

function isMusl() {
  if (process.platform !== 'linux') return false;
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  );
  return report.header.glibcVersionRuntime === undefined;
}

/**
 * Runs the npm that started this process if known, else the one on PATH.
 *
 * @param {string} root
 * @param {readonly string[]} args
 * @param {string | undefined} node to run it on; default: npm's own
 */
function runNpm(root, args, node) {
  const script = process.env['npm_execpath'];
  const runner = node ?? process.env['npm_node_execpath'];
  if (script?.endsWith('.js') && runner && existsSync(runner)) {
    return runCommand(runner, [script, ...args], { cwd: root });
  }
  if (node === undefined) return runCommand(npmName(), args, { cwd: root });
  // npm from PATH also looks up its Node on PATH.
  const path = `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`;
  return runCommand(npmName(), args, { cwd: root, env: { ...process.env, PATH: path } });
}
