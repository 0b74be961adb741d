import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../main/setup/built.mjs';
import { CHROMIUM_VARIABLE, ensureChromium } from './setup/chromium.mjs';
import { Progress } from '../main/setup/progress.mjs';
import { SetupProblem } from '../main/setup/setup-problem.mjs';
import { BROWSER_SUITES, PARTS, chooseParts, commandOf, usage } from './parts.mjs';
import { ensureTestApplication } from './setup/electron-9.mjs';
import { ensureTestElectron } from './setup/test-electron.mjs';
import { ensureSoftwareVulkan, VULKAN_VARIABLE } from './setup/vulkan.mjs';
import {
  browserResult,
  checkResult,
  lastLine,
  skippedResult,
  suiteResult,
  total,
} from './tally.mjs';

/**
 * `npm test`: types, lint rules, import cycles (oxlint), unused files, exports and packages (knip),
 * format, then the test suites: unit, integration, the studio in Chromium (e2e) and in a window
 * (electron). The tools of the last two are installed first; a suite that cannot run on this
 * machine is skipped with the reason. The last line gives the totals, `N passed, N failed`, and the
 * number skipped if any were. The exit code is 1 if anything failed or no test ran, and 2 if the
 * arguments are wrong.
 *
 * The arguments are described in `parts.mjs`.
 */

/** @import { Result } from './tally.mjs' */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const TOOLS = join(ROOT, 'node_modules');

/** What has tests that need a graphics card, or software that stands in for one. */
const WITH_CARD = ['unit', 'gpu'];

const TYPES = join(TOOLS, 'vue-tsc', 'bin', 'vue-tsc.js');

/**
 * Commands of each check, run in sequence.
 * @type {Record<string, readonly (readonly string[])[]>}
 */
const CHECKS = {
  types: ['.', 'renderer', 'test'].map((project) => [TYPES, '--noEmit', '--project', project]),
  lint: [[join(TOOLS, 'eslint', 'bin', 'eslint.js'), '.', '--max-warnings=0']],
  cycles: [[join(TOOLS, 'oxlint', 'bin', 'oxlint'), 'main', 'renderer', 'shared', 'test']],
  unused: [[join(TOOLS, 'knip', 'bin', 'knip.js'), '--no-progress']],
  format: [[join(TOOLS, 'prettier', 'bin', 'prettier.cjs'), '--check', '.', '--log-level=warn']],
};

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code
 */
async function main(args) {
  const choice = chooseParts(args);
  if (typeof choice === 'string') {
    console.error(`${choice}\n${usage()}`);
    return 2;
  }
  const chosen = choice.names;
  /** @type {Result[]} */
  const results = [];
  // Each check uses one core and they hardly share files. The longest may continue alongside the
  // suites, but not alongside the browser suites, whose waits have realistic time limits.
  const checks = Object.entries(CHECKS).filter(([name]) => chosen.includes(name));
  const checked = checks.map(([name, commands]) => runCheck(name, commands));
  await endedBut(1, checked);
  const shortSuites = chosen.filter(
    (name) => !(name in CHECKS) && !BROWSER_SUITES.includes(name) && !(name in PARTS),
  );
  /** @type {string[]} */
  const reasons = [];
  const vulkan = await vulkanEnvironment(chosen, reasons);
  for (const name of shortSuites)
    results.push(await runSuite(name, [`--project=${name}*`], vulkan));
  results.unshift(...(await Promise.all(checked)));
  for (const name of chosen.filter((part) => BROWSER_SUITES.includes(part)))
    results.push(await runBrowserSuite(name, join('test', name), reasons));
  for (const name of chosen.filter((one) => one in PARTS))
    results.push(
      PARTS[name]?.window === true
        ? await runBrowserSuite(name, join('test', 'full', name), reasons)
        : await runPart(name, { ...choice, environment: { ...choice.environment, ...vulkan } }),
    );
  console.log('');
  for (const result of results) console.log(describe(result));
  for (const reason of reasons) console.log(`  skipped: ${reason}`);
  console.log(lastLine(results));
  const { passed, failed } = total(results);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/**
 * Resolves when at most `left` of the promises are pending; rejects if one rejects before that.
 *
 * @param {number} left
 * @param {readonly Promise<unknown>[]} all
 * @returns {Promise<void>}
 */
function endedBut(left, all) {
  let going = all.length;
  return new Promise((resolve, reject) => {
    if (going <= left) resolve();
    for (const one of all) {
      one.then(() => {
        if (--going <= left) resolve();
      }, reject);
    }
  });
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
 * Runs a part of the long suite.
 *
 * @param {string} name
 * @param {import('./parts.mjs').Choice} choice
 * @returns {Promise<Result>}
 */
async function runPart(name, choice) {
  const refusal = choice.refused[name];
  if (refusal !== undefined) {
    console.log(`── ${name} ──\n${refusal}`);
    return checkResult(name, 1, 0);
  }
  const script = PARTS[name]?.script;
  if (script === undefined) {
    const { environment } = choice;
    const result = await runSuite(name, ['--project=full', `test/full/${name}/`], environment);
    console.log(`again: ${commandOf(name, choice)}`);
    return result;
  }
  console.log(`── ${name} ──`);
  const started = Date.now();
  const { code } = await run(script, 'show', choice.environment);
  console.log(`again: ${commandOf(name, choice)}`);
  return checkResult(name, code, Date.now() - started);
}

/**
 * @param {string} name
 * @param {readonly string[]} which arguments that select vitest's tests
 * @param {Readonly<Record<string, string>>} environment additional variables
 * @returns {Promise<Result>}
 */
async function runSuite(name, which, environment) {
  console.log(`── ${name} ──`);
  const started = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'karst-test-'));
  const file = join(folder, 'report.json');
  try {
    const vitest = join(TOOLS, 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code } = await run([vitest, 'run', ...which, ...reporters], 'show', environment);
    const report = existsSync(file) ? readFileSync(file, 'utf8') : null;
    return suiteResult(name, code, report, Date.now() - started);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} name
 * @param {string} folder of its configuration
 * @param {string[]} reasons receives a sentence if the suite is skipped
 * @returns {Promise<Result>}
 */
async function runBrowserSuite(name, folder, reasons) {
  console.log(`── ${name} ──`);
  const started = Date.now();
  /** @type {Tools} */
  let tools;
  try {
    tools = name === 'e2e' ? await chromiumTools() : await windowTools();
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.log(`${error.message}\n${error.hint}`);
    return checkResult(name, 1, Date.now() - started);
  }
  const reports = mkdtempSync(join(tmpdir(), 'karst-test-'));
  const file = join(reports, 'report.json');
  const playwright = join(TOOLS, '@playwright', 'test', 'cli.js');
  const command = [playwright, 'test', `--config=${folder}`];
  const report = () => (existsSync(file) ? readFileSync(file, 'utf8') : null);
  try {
    if ('missing' in tools) {
      reasons.push(`${name}: ${tools.missing}`);
      await run([...command, '--list', '--reporter=json'], 'collect', {
        PLAYWRIGHT_JSON_OUTPUT_FILE: file,
      });
      return skippedResult(name, report());
    }
    const { code } = await run([...command, '--reporter=list,json'], 'show', {
      ...tools.environment,
      PLAYWRIGHT_JSON_OUTPUT_FILE: file,
    });
    return browserResult(name, code, report(), Date.now() - started);
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

/**
 * Names a software driver of Vulkan for the tests of graphics cards.
 *
 * @param {readonly string[]} chosen names of suites and parts
 * @param {string[]} reasons receives a sentence if these tests are skipped
 * @returns {Promise<Record<string, string>>}
 */
async function vulkanEnvironment(chosen, reasons) {
  if (!chosen.some((name) => WITH_CARD.includes(name))) return {};
  const vulkan = await ensureSoftwareVulkan(new Progress());
  if ('path' in vulkan) return { [VULKAN_VARIABLE]: vulkan.path };
  reasons.push(`tests of graphics cards: ${vulkan.missing}`);
  return { [VULKAN_VARIABLE]: '' };
}

/** @typedef {{ environment: Record<string, string> } | { missing: string }} Tools */

/** @returns {Promise<Tools>} a browser, and the pages that it opens */
async function chromiumTools() {
  const chromium = await ensureChromium(new Progress());
  if ('missing' in chromium) return chromium;
  await ensureBuilt(ROOT, ['renderer'], process.execPath, new Progress());
  return { environment: { [CHROMIUM_VARIABLE]: chromium.path } };
}

/** @returns {Promise<Tools>} an Electron, and the application that it starts */
async function windowTools() {
  const electron = await ensureTestElectron(ROOT, new Progress());
  if ('missing' in electron) return electron;
  // The packaged application is the real product, whichever Electron tests it.
  await ensureBuilt(ROOT, ['renderer', 'shell'], process.execPath, new Progress());
  await ensureTestApplication(ROOT, electron.path, new Progress());
  return { environment: { KARST_TEST_ELECTRON: electron.path } };
}

/**
 * @param {readonly string[]} command
 * @param {'collect' | 'show'} how
 * @param {Readonly<Record<string, string>>} [environment] additional variables
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(command, how, environment = {}) {
  return new Promise((resolve, reject) => {
    const path = [join(TOOLS, '.bin'), process.env['PATH'] ?? ''].join(delimiter);
    const child = spawn(process.execPath, command, {
      cwd: ROOT,
      env: { ...process.env, PATH: path, ...environment },
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
