/**
 * Result of one check or suite.
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} milliseconds
 */

/**
 * A check counts as one test.
 *
 * @param {string} name
 * @param {number} code exit code of its tool
 * @param {number} milliseconds
 * @returns {Result}
 */
export function checkResult(name, code, milliseconds) {
  const passed = code === 0 ? 1 : 0;
  return { name, passed, failed: 1 - passed, skipped: 0, milliseconds };
}

/**
 * Counts a suite from vitest's JSON report. Failures outside of tests count as one each: a file
 * that fails to load, an error outside any test, a runner that ended without a report.
 *
 * @param {string} name
 * @param {number} code exit code of the runner
 * @param {string | null} report null if the runner wrote none
 * @param {number} milliseconds
 * @returns {Result}
 */
export function suiteResult(name, code, report, milliseconds) {
  if (report === null) {
    return { name, passed: 0, failed: 1, skipped: 0, milliseconds };
  }
  /** @type {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} */
  const parsed = JSON.parse(report);
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const file of parsed.testResults) {
    let failedHere = 0;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') passed += 1;
      else if (status === 'failed') failedHere += 1;
      else skipped += 1;
    }
    failed += file.status === 'failed' ? Math.max(1, failedHere) : failedHere;
  }
  if (code !== 0 && failed === 0) failed = 1;
  return { name, passed, failed, skipped, milliseconds };
}

/**
 * Part of Playwright's JSON report.
 *
 * @typedef {object} Suite
 * @property {Suite[]} [suites]
 * @property {{ tests: { status: string }[] }[]} specs
 */

/**
 * Counts a suite from Playwright's JSON report. A test that passes only on retry counts as failed,
 * and so do an error outside any test and a runner that ended without a report.
 *
 * @param {string} name
 * @param {number} code exit code of the runner
 * @param {string | null} report null if the runner wrote none
 * @param {number} milliseconds
 * @returns {Result}
 */
export function browserResult(name, code, report, milliseconds) {
  if (report === null) return { name, passed: 0, failed: 1, skipped: 0, milliseconds };
  const parsed = /** @type {{ suites: Suite[], errors: unknown[] }} */ (JSON.parse(report));
  const states = parsed.suites.flatMap(statesOf);
  const passed = states.filter((state) => state === 'expected').length;
  const skipped = states.filter((state) => state === 'skipped').length;
  let failed = states.length - passed - skipped + parsed.errors.length;
  if (code !== 0 && failed === 0) failed = 1;
  return { name, passed, failed, skipped, milliseconds };
}

/**
 * A suite that cannot run on this machine: all its tests count as skipped.
 *
 * @param {string} name
 * @param {string | null} report Playwright's list of its tests
 * @returns {Result}
 */
export function skippedResult(name, report) {
  if (report === null) return { name, passed: 0, failed: 1, skipped: 0, milliseconds: 0 };
  const parsed = /** @type {{ suites: Suite[] }} */ (JSON.parse(report));
  const skipped = parsed.suites.flatMap(statesOf).length;
  return { name, passed: 0, failed: 0, skipped, milliseconds: 0 };
}

/**
 * @param {Suite} suite
 * @returns {string[]} the status of every test in it
 */
function statesOf(suite) {
  const own = suite.specs.flatMap((spec) => spec.tests.map((test) => test.status));
  return [...own, ...(suite.suites ?? []).flatMap(statesOf)];
}

/**
 * @param {readonly Result[]} results
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function total(results) {
  /** @param {'passed' | 'failed' | 'skipped'} what */
  const sum = (what) => results.reduce((before, result) => before + result[what], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/**
 * The last line of `npm test`.
 *
 * @param {readonly Result[]} results
 */
export function lastLine(results) {
  const { passed, failed, skipped } = total(results);
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
