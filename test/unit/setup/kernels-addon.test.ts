import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kernelsAddon, PACKAGE } from '../../../main/platform/addons.mjs';
import { installedKernels } from '../../../main/platform/kernels.mjs';
import { packagedNode } from '../../../main/platform/node-runtime.mjs';
import { areKernelsReady, ensureKernels } from '../../../main/setup/kernels-addon.mjs';
import { Progress } from '../../../main/setup/progress.mjs';
import { silentStream } from './fake-wheel.ts';
import { temporaryFolder, withEnvironment } from './temporary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NODE = packagedNode(ROOT) ?? process.execPath;
const runtime = { folder: realpathSync(join(ROOT, PACKAGE, 'deps')), id: 'probe' };

/** In place of the kernels themselves, which take a minute to build; the set-up that every test starts from has built those. */
const SOURCE = `#include <node_api.h>
NAPI_MODULE_INIT() { return exports; }
`;

/** A checkout with sources to build and the runtime that they are built against. */
function checkout(source = SOURCE): string {
  const folder = temporaryFolder();
  withEnvironment({ KARST_CACHE: join(folder, 'cache') });
  const root = join(folder, 'checkout');
  const sources = join(root, 'main', 'engine', 'kernels');
  mkdirSync(sources, { recursive: true });
  writeFileSync(join(sources, 'addon.cc'), source);
  mkdirSync(join(root, PACKAGE), { recursive: true });
  symlinkSync(runtime.folder, join(root, PACKAGE, 'deps'));
  return root;
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('ensureKernels', () => {
  it('builds once, and does nothing the second time', async () => {
    const root = checkout();
    expect(areKernelsReady(root, runtime)).toBe(false);
    const first = silentStream();
    await ensureKernels(root, runtime, NODE, new Progress(first));
    expect(first.text).toContain('Kernels built for processors with AMX, AVX-512, AVX2');
    for (const level of ['amx', 'avx512', 'avx2'] as const)
      expect(existsSync(join(root, PACKAGE, kernelsAddon(level)))).toBe(true);
    expect(areKernelsReady(root, runtime)).toBe(true);
    const second = silentStream();
    await ensureKernels(root, runtime, NODE, new Progress(second));
    expect(second.text).toBe('');
    expect(areKernelsReady(root, { ...runtime, id: 'newer' })).toBe(false);
  });

  it('does without them, and says so, where the compiler cannot build them', async () => {
    const root = checkout('#error "no such instruction"\n');
    const told = silentStream();
    await ensureKernels(root, runtime, NODE, new Progress(told));
    expect(told.text).toMatch(/Training does without the kernels[^]*no such instruction/);
    expect(installedKernels(root, {})).toEqual([]);
    // Not tried again at every start.
    expect(areKernelsReady(root, runtime)).toBe(true);
  });

  it('builds the rest where the compiler does not know the newest instructions', async () => {
    const root = checkout(`${SOURCE}#ifdef __AMX_BF16__\n#error "no such instruction"\n#endif\n`);
    const told = silentStream();
    await ensureKernels(root, runtime, NODE, new Progress(told));
    expect(told.text).toContain('Kernels built for processors with AVX-512, AVX2');
    expect(told.text).toMatch(/without the kernels for processors with AMX[^]*no such instruction/);
    expect(existsSync(join(root, PACKAGE, kernelsAddon('amx')))).toBe(false);
    expect(existsSync(join(root, PACKAGE, kernelsAddon('avx2')))).toBe(true);
  });
});
