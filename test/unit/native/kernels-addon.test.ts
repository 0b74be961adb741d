import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  areKernelsReady,
  ensureKernels,
  installedKernels,
  unknownKernels,
  kernelsAddon,
  processorLevels,
} from '../../../main/native/kernels-addon.mjs';
import { packagedNode } from '../../../main/native/node-runtime.mjs';
import { Progress } from '../../../main/native/progress.mjs';
import { silentStream } from './fake-wheel.ts';
import { temporaryFolder, withEnvironment } from './temporary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NODE = packagedNode(ROOT) ?? process.execPath;
const PACKAGE = join('node_modules', '@tensorflow', 'tfjs-node-gpu');
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

it.each([
  [undefined, null],
  ['', null],
  ['avx2', null],
  ['none', null],
  ['AVX2', 'AVX2'],
  ['avx-512', 'avx-512'],
  ['toString', 'toString'],
])('of KARST_KERNELS=%s, %s is no value', (value, unknown) => {
  expect(unknownKernels({ KARST_KERNELS: value })).toBe(unknown);
});

describe.runIf(processorLevels().length > 0)('installedKernels', () => {
  const levels = processorLevels();
  const lesser = levels.slice(1);
  const found = (root: string, environment = {}): string[] =>
    installedKernels(root, environment).map(({ level }) => level);

  function checkoutWith(...levels: readonly string[]): string {
    const root = temporaryFolder();
    const folder = join(root, PACKAGE, 'lib', 'napi-v8');
    mkdirSync(folder, { recursive: true });
    for (const level of levels) writeFileSync(join(folder, `karst_kernels_${level}.node`), '');
    return root;
  }

  it('are those of all levels, the best first, or of the one that is named', () => {
    const root = checkoutWith(...levels);
    expect(found(root)).toEqual(levels);
    for (const level of levels) {
      const named = installedKernels(root, { KARST_KERNELS: level });
      expect(named.map(({ path }) => path)).toEqual([join(root, PACKAGE, kernelsAddon(level))]);
    }
    expect(found(root, { KARST_KERNELS: 'none' })).toEqual([]);
  });

  it('are what there is where the best could not be built', () => {
    expect(found(checkoutWith(...lesser))).toEqual(lesser);
  });

  it('are none where nothing is installed', () => {
    expect(found(temporaryFolder())).toEqual([]);
  });

  it('are none that this processor cannot run', () => {
    const others = ['amx', 'avx512', 'avx2'].filter(
      (level) => !processorLevels().some((known) => known === level),
    );
    expect(found(checkoutWith(...others))).toEqual([]);
  });
});
