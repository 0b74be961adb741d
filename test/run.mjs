import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkResult, suiteResult, total } from './tally.mjs';

/**
 * `npm test`: types, lint rules, format, then the test suites. The last line is `N passed, N failed` over
 * all of them; the exit code is 1 when anything failed or no test ran.
 *
 *   --full          the long suite, too
 *   --only NAMES    only these, separated by commas: types, lint, format, unit, integration, full
 */

/** @import { Result } from './tally.mjs' */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const TOOLS = join(ROOT, 'node_modules');

const TYPES = join(TOOLS, 'vue-tsc', 'bin', 'vue-tsc.js');

/** Commands of each check, one after the other. @type {Record<string, readonly (readonly string[])[]>} */
const CHECKS = {
  types: ['.', 'renderer', 'test'].map((project) => [TYPES, '--noEmit', '--project', project]),
  lint: [[join(TOOLS, 'eslint', 'bin', 'eslint.js'), '.', '--max-warnings=0']],
  format: [[join(TOOLS, 'prettier', 'bin', 'prettier.cjs'), '--check', '.', '--log-level=warn']],
};

const SUITES = ['unit', 'integration'];
const LONG_SUITES = ['full'];

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code
 */
async function main(args) {
  const chosen = chooseParts(args);
  if (chosen === null) {
    console.error('Usage: test/run.mjs [--full] [--only types,lint,format,unit,integration,full]');
    return 2;
  }
  /** @type {Result[]} */
  const results = [];
  const checks = Object.entries(CHECKS).filter(([name]) => chosen.includes(name));
  // They use one core each and hardly touch the same files.
  results.push(...(await Promise.all(checks.map(([name, commands]) => runCheck(name, commands)))));
  for (const name of [...SUITES, ...LONG_SUITES]) {
    if (chosen.includes(name)) results.push(await runSuite(name));
  }
  console.log('');
  for (const result of results) console.log(describe(result));
  const { passed, failed } = total(results);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/**
 * @param {readonly string[]} args
 * @returns {readonly string[] | null} null when the arguments are wrong
 */
function chooseParts(args) {
  const known = [...Object.keys(CHECKS), ...SUITES, ...LONG_SUITES];
  if (args.length === 0) return known.filter((name) => !LONG_SUITES.includes(name));
  if (args.length === 1 && args[0] === '--full') return known;
  if (args.length !== 2 || args[0] !== '--only' || args[1] === undefined) return null;
  const names = args[1].split(',');
  return names.every((name) => known.includes(name)) ? names : null;
}

/**
 * @param {string} name
 * @param {readonly (readonly string[])[]} commands each a script and its arguments
 * @returns {Promise<Result>}
 */
async function runCheck(name, commands) {
  const started = Date.now();
  let worst = 0;
  for (const command of commands) {
    const { code, output } = await run(command, 'collect');
    if (code !== 0) console.log(`── ${name} ──\n${output.trimEnd()}\n`);
    worst = Math.max(worst, code);
  }
  return checkResult(name, worst, Date.now() - started);
}

/**
 * @param {string} name
 * @returns {Promise<Result>}
 */
async function runSuite(name) {
  console.log(`── ${name} ──`);
  const started = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'karst-test-'));
  const file = join(folder, 'report.json');
  try {
    const vitest = join(TOOLS, 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code } = await run([vitest, 'run', `--project=${name}`, ...reporters], 'show');
    const report = existsSync(file) ? readFileSync(file, 'utf8') : null;
    return suiteResult(name, code, report, Date.now() - started);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {readonly string[]} command
 * @param {'collect' | 'show'} how
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(command, how) {
  return new Promise((resolve, reject) => {
    const path = [join(TOOLS, '.bin'), process.env['PATH'] ?? ''].join(delimiter);
    const child = spawn(process.execPath, command, {
      cwd: ROOT,
      env: { ...process.env, PATH: path },
      stdio: how === 'show' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
    }
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(128 + constants.signals[signal]);
  });
}

/** @param {Result} result */
function describe({ name, passed, failed, skipped, milliseconds }) {
  const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
  const extra = skipped > 0 ? `, ${skipped} skipped` : '';
  return `${failed > 0 ? '✗' : '✓'} ${name.padEnd(12)} ${passed} passed, ${failed} failed${extra}  (${seconds})`;
}

process.exitCode = await main(process.argv.slice(2));
