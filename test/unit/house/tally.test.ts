import { describe, expect, it } from 'vitest';
import {
  browserResult,
  checkResult,
  lastLine,
  skippedResult,
  suiteResult,
  total,
} from '../../tally.mjs';

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

function browserReport(states: string[][], errors: unknown[] = []): string {
  const [outer = [], ...inner] = states.map((file) =>
    file.map((status) => ({ tests: [{ status }] })),
  );
  const suites = [{ specs: outer, suites: inner.map((specs) => ({ specs })) }];
  return JSON.stringify({ suites, errors });
}

describe('browserResult', () => {
  it('counts tests of nested suites, and no second attempt as passed', () => {
    const text = browserReport([
      ['expected', 'skipped'],
      ['expected', 'unexpected', 'flaky'],
    ]);
    expect(browserResult('e2e', 1, text, 5)).toEqual({
      name: 'e2e',
      passed: 2,
      failed: 2,
      skipped: 1,
      milliseconds: 5,
    });
  });

  it('counts an error outside any test, and a runner that broke down', () => {
    const text = browserReport([['expected']], [{ message: 'no such file' }]);
    expect(browserResult('e2e', 1, text, 0)).toMatchObject({ passed: 1, failed: 1 });
    const passed = browserReport([['expected']]);
    expect(browserResult('e2e', 1, passed, 0)).toMatchObject({ passed: 1, failed: 1 });
    expect(browserResult('e2e', 0, null, 0)).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('skippedResult', () => {
  it('counts every test of the list as skipped, and none as passed', () => {
    const text = browserReport([['skipped', 'skipped'], ['skipped']]);
    expect(skippedResult('electron', text)).toMatchObject({ passed: 0, failed: 0, skipped: 3 });
  });

  it('counts a list that could not be had as a failure', () => {
    expect(skippedResult('electron', null)).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('total', () => {
  const unit = suiteResult('unit', 0, report({ status: 'passed', tests: ['passed', 'passed'] }), 1);

  it('adds checks, which count as one, and suites', () => {
    const results = [checkResult('types', 0, 1), checkResult('lint', 2, 1), unit];
    expect(total(results)).toEqual({ passed: 3, failed: 1, skipped: 0 });
    expect(lastLine(results)).toBe('3 passed, 1 failed');
  });

  it('tells what was skipped', () => {
    const results = [unit, skippedResult('electron', browserReport([['skipped', 'skipped']]))];
    expect(lastLine(results)).toBe('2 passed, 0 failed, 2 skipped');
  });
});
