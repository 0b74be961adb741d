/**
 * What one check or suite came to.
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} milliseconds
 */

/**
 * A check counts as one.
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
 * Counts a suite from vitest's JSON report. Failures that are no test's count as one each: a file that does
 * not load, an error outside any test, a runner that ended without a report.
 *
 * @param {string} name
 * @param {number} code exit code of the runner
 * @param {string | null} report null when the runner wrote none
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
 * @param {readonly Result[]} results
 * @returns {{ passed: number, failed: number }}
 */
export function total(results) {
  return {
    passed: results.reduce((sum, result) => sum + result.passed, 0),
    failed: results.reduce((sum, result) => sum + result.failed, 0),
  };
}
