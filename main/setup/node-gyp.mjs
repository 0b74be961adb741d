import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { relink } from './link.mjs';
import { firstLineOf, lastLines, runCommand } from './command.mjs';
import { compilerCommand, npmName, pythonCommand } from './prerequisites.mjs';
import { SetupProblem } from './setup-problem.mjs';

const NODE_GYP = join('node_modules', 'node-gyp', 'bin', 'node-gyp.js');

/** Link to the folder with Node's headers, because make cannot handle spaces in absolute paths. */
const HEADERS = join('build', 'node');

/** npm variables that take precedence over node-gyp's arguments. */
const OVERRULED = /^npm_(config|package_config_node_gyp)_(nodedir|python)$/i;

/** Output lines of node-gyp and make; the rest is the compiler's. */
const OWN_LINES = /^(gyp |make(\[\d+\])?: | {2}[A-Z_]+(\(target\))? )/;

/**
 * Generates the makefiles from binding.gyp.
 *
 * @param {string} root of the checkout
 * @param {string} node the Node binary that will load the addons
 * @returns {Promise<void>}
 * @throws {SetupProblem}
 */
export async function configureAddons(root, node) {
  relink(join(root, HEADERS), nodeDirectory(node));
  const { code, output } = await runNodeGyp(root, node, [
    ...['configure', `--nodedir=${HEADERS}`, `--python=${pythonCommand()}`],
  ]);
  if (code === 0) return;
  throw new SetupProblem(
    `The addons could not be prepared. node-gyp says:\n${lastLines(output)}`,
    'Check that Python is 3.8 or newer; KARST_PYTHON names another one.',
  );
}

/**
 * Builds one target of binding.gyp into build/Release.
 *
 * @param {string} root of the checkout
 * @param {string} node the Node binary that will load it
 * @param {string} target
 * @returns {Promise<string | null>} on failure the compiler's output, as the end of a message
 */
export async function buildAddon(root, node, target) {
  const jobs = String(availableParallelism());
  const { code, output } = await runNodeGyp(root, node, ['build', target, `--jobs=${jobs}`]);
  if (code === 0) return null;
  const said = output.split('\n').filter((line) => !OWN_LINES.test(line));
  return `${compilerCommand()?.command ?? 'The compiler'} says:\n${lastLines(said.join('\n'), 20)}`;
}

/**
 * @param {string} root
 * @param {string} node
 * @param {readonly string[]} args
 */
function runNodeGyp(root, node, args) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !OVERRULED.test(name)),
  );
  env['CXX'] = compilerCommand()?.command;
  // As a group, because make would keep running if only node-gyp were stopped.
  return runCommand(node, [join(root, NODE_GYP), ...args], { cwd: root, env, group: true });
}

/**
 * The folder that holds Node's headers in include/node, for `--nodedir`. The project's Node
 * includes them; the other places are for Nodes installed otherwise. Any version of the headers
 * will do, since only Node-API is used.
 *
 * @param {string} node path of the binary
 * @returns {string}
 * @throws {SetupProblem}
 */
export function nodeDirectory(node) {
  const configured = firstLineOf(npmName(), ['config', 'get', 'nodedir']);
  const places = [
    join(dirname(node), '..'),
    ...(configured && configured !== 'undefined' ? [configured] : []),
    join(dirname(process.execPath), '..'),
    '/usr',
    '/usr/local',
  ];
  const found = places.find((place) =>
    ['node_api.h', 'common.gypi'].every((name) => existsSync(join(place, 'include', 'node', name))),
  );
  if (found !== undefined) return resolve(found);
  const looked = places.map((place) => join(place, 'include', 'node')).join(', ');
  throw new SetupProblem(
    `The headers of Node were not found (node_api.h and common.gypi, looked for in ${looked}).`,
    'Install them (Debian `apt install libnode-dev`, Fedora `dnf install nodejs-devel`).',
  );
}
