import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arePackagesReady } from '../../../main/setup/npm-packages.mjs';
import { temporaryFolder } from './temporary.ts';

const OTHER_PLATFORM = process.platform === 'win32' ? 'linux' : 'win32';

const LOCKED = {
  '': { name: 'probe' },
  'node_modules/one': { version: '1.0.0', integrity: 'sha512-one' },
  'node_modules/@scope/two': { version: '2.0.0', integrity: 'sha512-two' },
  'node_modules/native-here': {
    integrity: 'sha512-here',
    optional: true,
    os: [process.platform],
    cpu: process.arch,
  },
  'node_modules/native-there': {
    integrity: 'sha512-there',
    optional: true,
    os: OTHER_PLATFORM,
    cpu: [process.arch],
  },
};

/** A checkout with its packages as npm installs them on this platform. */
function checkout(): string {
  const root = temporaryFolder();
  const present: Record<string, object> = { ...LOCKED };
  delete present[''];
  delete present['node_modules/native-there'];
  for (const path of Object.keys(present)) {
    mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, path, 'package.json'), '{}');
  }
  writeLock(root, LOCKED);
  writeRecord(root, present);
  return root;
}

function writeLock(root: string, packages: object): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

function writeRecord(root: string, packages: object): void {
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

describe('arePackagesReady', () => {
  it('finds packages that a developer installed by hand, and remembers the lockfile', () => {
    const root = checkout();
    expect(arePackagesReady(root)).toBe(true);
    expect(existsSync(join(root, 'node_modules', '.karst', 'lockfile.sha256'))).toBe(true);
    // From now on the stamp is decisive; npm's record is not read again.
    rmSync(join(root, 'node_modules', '.package-lock.json'));
    expect(arePackagesReady(root)).toBe(true);
  });

  it('notices another lockfile', () => {
    const root = checkout();
    expect(arePackagesReady(root)).toBe(true);
    writeLock(root, { ...LOCKED, 'node_modules/one': { integrity: 'sha512-newer' } });
    expect(arePackagesReady(root)).toBe(false);
  });

  it('notices a package that is missing', () => {
    const root = checkout();
    rmSync(join(root, 'node_modules', '@scope', 'two'), { recursive: true });
    expect(arePackagesReady(root)).toBe(false);
  });

  it('notices that an optional package for this platform is missing', () => {
    const root = checkout();
    rmSync(join(root, 'node_modules', 'native-here'), { recursive: true });
    expect(arePackagesReady(root)).toBe(false);
  });

  it('notices that nothing is installed, or only in part', () => {
    const root = checkout();
    rmSync(join(root, 'node_modules', '.package-lock.json'));
    expect(arePackagesReady(root)).toBe(false);
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(arePackagesReady(root)).toBe(false);
  });
});
