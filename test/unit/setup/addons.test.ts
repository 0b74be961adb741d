import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BINDING, kernelsAddon, PACKAGE, PIXELS, RUNTIME } from '../../../main/platform/addons.mjs';
import { installedKernels } from '../../../main/platform/kernels.mjs';
import { packagedNode } from '../../../main/platform/node-runtime.mjs';
import { areAddonsReady, ensureAddons } from '../../../main/setup/addons.mjs';
import { nodeDirectory } from '../../../main/setup/node-gyp.mjs';
import { Progress } from '../../../main/setup/progress.mjs';
import { SetupProblem } from '../../../main/setup/setup-problem.mjs';
import { silentStream } from './fake-wheel.ts';
import { temporaryFolder, withEnvironment } from './temporary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NODE = packagedNode(ROOT) ?? process.execPath;
const ISAS = ['amx', 'avx512', 'avx2'] as const;

/**
 * Replaces the real addons, which take minutes to build and are already built by the set-up that
 * precedes every test run.
 */
const MINIMAL = `#include <node_api.h>
NAPI_MODULE_INIT() { return exports; }
`;

const BINDING_SOURCE = join(PACKAGE, 'binding', 'tfjs_binding.cc');
const KERNELS_SOURCE = join('main', 'native-ops', 'kernels', 'addon.cc');
const PIXELS_SOURCE = join('main', 'native-ops', 'pixels', 'addon.cc');

interface Checkout {
  readonly root: string;
  readonly runtime: { readonly folder: string; readonly id: string };
}

/** A checkout with all sources named in binding.gyp, empty except for the addons' entry points. */
function checkout(sources: Readonly<Record<string, string>> = {}): Checkout {
  const folder = temporaryFolder();
  // make does not support spaces in absolute paths.
  const root = join(folder, 'Grüße an alle');
  mkdirSync(root);
  copyFileSync(join(ROOT, 'binding.gyp'), join(root, 'binding.gyp'));
  const binding = readFileSync(join(root, 'binding.gyp'), 'utf8');
  for (const [, path = ''] of binding.matchAll(/'(\S+\.cc)'/g)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  const entries = {
    [BINDING_SOURCE]: MINIMAL,
    [KERNELS_SOURCE]: MINIMAL,
    [PIXELS_SOURCE]: MINIMAL,
    ...sources,
  };
  for (const [path, text] of Object.entries(entries)) writeFileSync(join(root, path), text);
  symlinkSync(join(ROOT, 'node_modules', 'node-gyp'), join(root, 'node_modules', 'node-gyp'));
  const runtime = { folder: join(folder, 'runtime'), id: 'probe' };
  mkdirSync(join(runtime.folder, 'lib'), { recursive: true });
  symlinkSync(join(ROOT, RUNTIME, 'include'), join(runtime.folder, 'include'));
  // The linker accepts any library with that name.
  const library = readFileSync(join(ROOT, RUNTIME, 'lib', 'libtensorflow_framework.so'));
  for (const name of ['libtensorflow.so', 'libtensorflow_framework.so'])
    writeFileSync(join(runtime.folder, 'lib', name), library);
  symlinkSync(
    'libtensorflow_framework.so',
    join(runtime.folder, 'lib', 'libtensorflow_framework.so.2'),
  );
  return { root, runtime };
}

async function build({ root, runtime }: Checkout): Promise<string> {
  const told = silentStream();
  await ensureAddons(root, runtime, NODE, new Progress(told));
  return told.text;
}

const there = (root: string, ...places: readonly string[]): boolean[] =>
  places.map((place) => existsSync(join(root, place)));

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('ensureAddons', () => {
  it('builds once, and then what has changed', async () => {
    const made = checkout();
    const { root, runtime } = made;
    expect(areAddonsReady(root, runtime)).toBe(false);
    expect(await build(made)).toContain(
      'Addons built, with kernels for processors with AMX, AVX-512, AVX2',
    );
    expect(there(root, BINDING, PIXELS, ...ISAS.map(kernelsAddon))).not.toContain(false);
    expect(areAddonsReady(root, runtime)).toBe(true);
    expect(await build(made)).toBe('');
    expect(areAddonsReady(root, { ...runtime, folder: '/elsewhere' })).toBe(false);
    expect(areAddonsReady(root, { ...runtime, id: 'newer' })).toBe(false);

    // A missing addon, and a changed source.
    rmSync(join(root, kernelsAddon('avx2')));
    expect(areAddonsReady(root, runtime)).toBe(false);
    await build(made);
    expect(there(root, kernelsAddon('avx2'))).toEqual([true]);
    appendFileSync(join(root, PIXELS_SOURCE), '#error "no such vector"\n');
    expect(areAddonsReady(root, runtime)).toBe(false);
    expect(await build(made)).toMatch(/without the compiled resampling[^]*no such vector/);
    expect(there(root, PIXELS, BINDING)).toEqual([false, true]);
    // A failed build is not retried at every start.
    expect(areAddonsReady(root, runtime)).toBe(true);
  });

  it('leaves out what the compiler cannot build, and says so', async () => {
    const made = checkout({
      [KERNELS_SOURCE]: `${MINIMAL}#ifdef __AMX_BF16__\n#error "no such instruction"\n#endif\n`,
    });
    const told = await build(made);
    expect(told).toContain('Addons built, with kernels for processors with AVX-512, AVX2');
    expect(told).toMatch(/without the kernels for processors with AMX[^]*no such instruction/);
    expect(told).not.toMatch(/gyp ERR|make/);
    expect(there(made.root, ...ISAS.map(kernelsAddon))).toEqual([false, true, true]);
    expect(areAddonsReady(made.root, made.runtime)).toBe(true);
    writeFileSync(join(made.root, KERNELS_SOURCE), '#error "none at all"\n');
    expect(await build(made)).toContain('Addons built, without kernels');
    expect(installedKernels(made.root, {})).toEqual([]);
  });

  it('fails with what the compiler says of TensorFlow’s addon', async () => {
    const made = checkout({ [BINDING_SOURCE]: '#error "this is not it"\n' });
    const error = await build(made).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SetupProblem);
    expect((error as SetupProblem).message).toMatch(/no addon for TensorFlow[^]*this is not it/);
    expect(areAddonsReady(made.root, made.runtime)).toBe(false);
  });

  it('refuses an addon of TensorFlow that does not load', async () => {
    const made = checkout({
      [BINDING_SOURCE]: 'extern "C" void absent(); struct A { A() { absent(); } } a;\n',
    });
    await expect(build(made)).rejects.toThrow(/does not load[^]*absent/);
    expect(areAddonsReady(made.root, made.runtime)).toBe(false);
    expect(there(made.root, BINDING)).toEqual([false]);
  });

  it('says which tools it lacks before it changes anything', async () => {
    const made = checkout();
    withEnvironment({ CXX: join(made.root, 'no-such-compiler'), MAKE: 'no-such-make' });
    await expect(build(made)).rejects.toThrow(
      'The set-up needs a C++ compiler (g++ or clang++) and make, which are not on this machine.',
    );
    expect(there(made.root, 'build')).toEqual([false]);
  });
});

describe('nodeDirectory', () => {
  it('is the one whose headers the project’s Node carries', () => {
    const folder = nodeDirectory(NODE);
    const header = join(folder, 'include', 'node', 'node_api.h');
    expect(readFileSync(header, 'utf8')).toContain('napi_module_register');
    if (packagedNode(ROOT) !== null) expect(folder).toBe(join(dirname(NODE), '..'));
  });
});
