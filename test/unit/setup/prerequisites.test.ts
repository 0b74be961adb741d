import { describe, expect, it } from 'vitest';
import { checkNodeVersion, checkPrerequisites } from '../../../main/setup/prerequisites.mjs';
import { SetupProblem } from '../../../main/setup/setup-problem.mjs';

function problemOf(work: () => void): SetupProblem {
  try {
    work();
  } catch (error) {
    if (error instanceof SetupProblem) return error;
    throw error;
  }
  throw new Error('nothing was missing');
}

describe('checkPrerequisites', () => {
  it('is content when all is there', () => {
    checkPrerequisites(['npm', 'python', 'pip', 'compiler'], () => true);
  });

  it('says what is missing and how to install it on each platform', () => {
    const { message, hint } = problemOf(() => {
      checkPrerequisites(['npm', 'python', 'pip', 'compiler'], (name) => name !== 'compiler');
    });
    expect(message).toBe(
      'The set-up needs a C++ compiler (g++ or clang++), which is not on this machine.',
    );
    for (const command of ['apt install g++', 'dnf install gcc-c++', 'xcode-select --install']) {
      expect(hint).toContain(command);
    }
    expect(hint).toContain('Windows');
  });

  it('tells all that is missing at once, and pip only where Python is', () => {
    const { message, hint } = problemOf(() => {
      checkPrerequisites(['python', 'pip', 'compiler'], () => false);
    });
    expect(message).toBe(
      'The set-up needs Python 3 and a C++ compiler (g++ or clang++), which are not on this machine.',
    );
    expect(hint).toContain('apt install python3 python3-pip');
    expect(hint).not.toContain('ensurepip');
  });
});

describe('checkNodeVersion', () => {
  it.each(['20.0.0', '22.12.0', '24.21.0', '26.1.0'])('takes Node %s', (version) => {
    checkNodeVersion(version);
  });

  it('refuses an older one with a sentence', () => {
    expect(() => {
      checkNodeVersion('18.20.4');
    }).toThrow('This is Node 18.20.4, but the set-up needs Node 20 or newer.');
  });
});
