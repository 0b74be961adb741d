import { appendFileSync, cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { areKernelsReady, ensureKernels, KERNELS } from '../../../main/native/kernels-addon.mjs';
import { packagedNode } from '../../../main/native/node-runtime.mjs';
import { Progress } from '../../../main/native/progress.mjs';
import { silentStream } from './fake-wheel.ts';
import { temporaryFolder, withEnvironment } from './temporary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NODE = packagedNode(ROOT) ?? process.execPath;
const PACKAGE = join('node_modules', '@tensorflow', 'tfjs-node-gpu');
const runtime = { folder: realpathSync(join(ROOT, PACKAGE, 'deps')), id: 'probe' };

/** A checkout with the sources of the kernels and the runtime that they are built against. */
function checkout(): string {
  const folder = temporaryFolder();
  withEnvironment({ KARST_CACHE: join(folder, 'cache') });
  const root = join(folder, 'checkout');
  cpSync(join(ROOT, 'main', 'engine', 'kernels'), join(root, 'main', 'engine', 'kernels'), {
    recursive: true,
  });
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
    expect(first.text).toContain('Kernels for processors with AMX built');
    expect(existsSync(join(root, PACKAGE, KERNELS))).toBe(true);
    expect(areKernelsReady(root, runtime)).toBe(true);
    const second = silentStream();
    await ensureKernels(root, runtime, NODE, new Progress(second));
    expect(second.text).toBe('');
    expect(areKernelsReady(root, { ...runtime, id: 'newer' })).toBe(false);
  });

  it('does without them, and says so, where the compiler cannot build them', async () => {
    const root = checkout();
    appendFileSync(
      join(root, 'main', 'engine', 'kernels', 'addon.cc'),
      '#error "no such instruction"\n',
    );
    const told = silentStream();
    await ensureKernels(root, runtime, NODE, new Progress(told));
    expect(told.text).toMatch(/Training does without the kernels[^]*no such instruction/);
    expect(existsSync(join(root, PACKAGE, KERNELS))).toBe(false);
    // Not tried again at every start.
    expect(areKernelsReady(root, runtime)).toBe(true);
  });
});
