import { firstLineOf } from './command.mjs';
import { SetupProblem } from './setup-problem.mjs';

/** @typedef {'npm' | 'python' | 'pip' | 'compiler' | 'make'} Prerequisite */

const OLDEST_NODE = 20;

/**
 * @typedef {object} Advice
 * @property {string} what display name
 * @property {string} debian
 * @property {string} fedora
 * @property {string} mac
 * @property {string} windows
 */

/** @type {Record<Prerequisite, Advice>} */
const ADVICE = {
  npm: {
    what: 'npm',
    debian: 'apt install npm',
    fedora: 'dnf install nodejs-npm',
    mac: 'brew install node',
    windows: 'winget install OpenJS.NodeJS.LTS',
  },
  python: {
    what: 'Python 3',
    debian: 'apt install python3 python3-pip',
    fedora: 'dnf install python3 python3-pip',
    mac: 'brew install python',
    windows: 'winget install Python.Python.3.12',
  },
  pip: {
    what: 'pip for Python 3',
    debian: 'apt install python3-pip',
    fedora: 'dnf install python3-pip',
    mac: 'python3 -m ensurepip',
    windows: 'py -m ensurepip',
  },
  compiler: {
    what: 'a C++ compiler (g++ or clang++)',
    debian: 'apt install g++',
    fedora: 'dnf install gcc-c++',
    mac: 'xcode-select --install',
    windows: 'winget install Microsoft.VisualStudio.2022.BuildTools',
  },
  make: {
    what: 'make',
    debian: 'apt install make',
    fedora: 'dnf install make',
    mac: 'xcode-select --install',
    windows: 'winget install GnuWin32.Make',
  },
};

/**
 * Checks the version of the Node that runs the set-up.
 *
 * @param {string} [version] as in `process.versions.node`
 * @throws {SetupProblem}
 */
export function checkNodeVersion(version = process.versions.node) {
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return;
  throw new SetupProblem(
    `This is Node ${version}, but the set-up needs Node ${OLDEST_NODE} or newer.`,
    'Install a current Node from https://nodejs.org or with your package manager; the project then brings ' +
      'the exact Node it runs on by itself.',
  );
}

/**
 * Checks that the prerequisites are installed and reports all missing ones together.
 *
 * @param {readonly Prerequisite[]} needed
 * @param {(prerequisite: Prerequisite) => boolean} [present]
 * @throws {SetupProblem}
 */
export function checkPrerequisites(needed, present = isPresent) {
  const missing = needed.filter((prerequisite) => !present(prerequisite));
  // Without Python there is no pip either, so only Python is reported.
  const told = missing.includes('python') ? missing.filter((name) => name !== 'pip') : missing;
  if (told.length === 0) return;
  const names = told.map((name) => ADVICE[name].what).join(' and ');
  const lines = told.map((name) => {
    const { what, debian, fedora, mac, windows } = ADVICE[name];
    return `  ${what}: Debian and Ubuntu \`${debian}\`, Fedora \`${fedora}\`, macOS \`${mac}\`, Windows \`${windows}\``;
  });
  throw new SetupProblem(
    `The set-up needs ${names}, which ${told.length === 1 ? 'is' : 'are'} not on this machine.`,
    `Install what is missing and run the same command again:\n${lines.join('\n')}`,
  );
}

/** @param {Prerequisite} prerequisite */
function isPresent(prerequisite) {
  switch (prerequisite) {
    case 'npm':
      return process.env['npm_execpath'] !== undefined || firstLineOf(npmName(), ['-v']) !== null;
    case 'python':
      return firstLineOf(pythonCommand(), ['--version']) !== null;
    case 'pip':
      return firstLineOf(pythonCommand(), ['-m', 'pip', '--version']) !== null;
    case 'compiler':
      return compilerCommand() !== null;
    case 'make':
      return firstLineOf(process.env['MAKE'] ?? 'make', ['--version']) !== null;
  }
}

/** Name under which npm is found on PATH. */
export function npmName() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}

/** The Python interpreter: `KARST_PYTHON`, or the platform's usual name. */
export function pythonCommand() {
  return process.env['KARST_PYTHON'] ?? (process.platform === 'win32' ? 'py' : 'python3');
}

/**
 * The C++ compiler: `CXX`, else g++, else clang++.
 *
 * @returns {{ command: string, version: string } | null} null when there is none
 */
export function compilerCommand() {
  const named = process.env['CXX'];
  for (const command of named ? [named] : ['g++', 'clang++']) {
    const version = firstLineOf(command, ['--version']);
    if (version !== null) return { command, version };
  }
  return null;
}
