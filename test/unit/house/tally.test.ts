import { describe, expect, it } from 'vitest';
import { checkResult, suiteResult, total } from '../../tally.mjs';

function report(...files: { status: string; tests: string[] }[]): string {
  const testResults = files.map(({ status, tests }) => ({
    status,
    assertionResults: tests.map((one) => ({ status: one })),
  }));
  return JSON.stringify({ testResults });
}

describe('suiteResult', () => {
  it('counts tests of all files', () => {
    const text = report(
      { status: 'passed', tests: ['passed', 'passed', 'skipped', 'todo'] },
      { status: 'failed', tests: ['passed', 'failed', 'failed'] },
    );
    expect(suiteResult('unit', 1, text, 5)).toEqual({
      name: 'unit',
      passed: 3,
      failed: 2,
      skipped: 2,
      milliseconds: 5,
    });
  });

  it('counts a file that does not load as one failure', () => {
    const text = report({ status: 'passed', tests: ['passed'] }, { status: 'failed', tests: [] });
    expect(suiteResult('unit', 1, text, 0)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('counts a hook that fails after passing tests as one failure', () => {
    const text = report({ status: 'failed', tests: ['passed'] });
    expect(suiteResult('unit', 1, text, 0)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('counts an error outside any test, and a runner that broke down', () => {
    const text = report({ status: 'passed', tests: ['passed'] });
    expect(suiteResult('unit', 1, text, 0)).toMatchObject({ passed: 1, failed: 1 });
    expect(suiteResult('unit', 1, null, 0)).toMatchObject({ passed: 0, failed: 1 });
    expect(suiteResult('unit', 0, null, 0)).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('total', () => {
  it('adds checks, which count as one, and suites', () => {
    const results = [
      checkResult('types', 0, 1),
      checkResult('lint', 2, 1),
      suiteResult('unit', 0, report({ status: 'passed', tests: ['passed', 'passed'] }), 1),
    ];
    expect(total(results)).toEqual({ passed: 3, failed: 1 });
  });
});
