import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ensureAddon, isAddonReady, nodeHeaders } from '../../../main/setup/addon.mjs';
import { packagedNode } from '../../../main/platform/node-runtime.mjs';
import { Progress } from '../../../main/setup/progress.mjs';
import { silentStream } from './fake-wheel.ts';
import { temporaryFolder, withEnvironment } from './temporary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NODE = packagedNode(ROOT) ?? process.execPath;

/** A checkout with the addon's package, whose sources are a minimal addon that calls one function. */
function checkout(source: string): { root: string; runtime: { folder: string; id: string } } {
  const folder = temporaryFolder();
  withEnvironment({ KARST_CACHE: join(folder, 'cache') });
  const root = join(folder, 'checkout');
  const binding = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'binding');
  mkdirSync(binding, { recursive: true });
  writeFileSync(join(binding, 'tfjs_backend.cc'), source);
  writeFileSync(join(binding, 'tfjs_binding.cc'), '');
  const runtime = { folder: join(folder, 'runtime'), id: 'probe' };
  mkdirSync(join(runtime.folder, 'lib'), { recursive: true });
  symlinkSync(join(realPackage(), 'deps', 'include'), join(runtime.folder, 'include'));
  // The linker is content with any library of that name.
  const library = readFileSync(join(realPackage(), 'deps', 'lib', 'libtensorflow_framework.so'));
  for (const name of ['libtensorflow.so', 'libtensorflow_framework.so']) {
    writeFileSync(join(runtime.folder, 'lib', name), library);
  }
  symlinkSync(
    'libtensorflow_framework.so',
    join(runtime.folder, 'lib', 'libtensorflow_framework.so.2'),
  );
  return { root, runtime };
}

function realPackage(): string {
  return join(ROOT, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
}

const MINIMAL = `#include <node_api.h>
NAPI_MODULE_INIT() { return exports; }
`;

describe('ensureAddon', () => {
  it('builds once, puts the addon and the link in place, and does nothing the second time', async () => {
    const { root, runtime } = checkout(MINIMAL);
    expect(isAddonReady(root, runtime)).toBe(false);
    const first = silentStream();
    await ensureAddon(root, runtime, NODE, new Progress(first));
    expect(first.text).toContain('TensorFlow addon built');
    expect(isAddonReady(root, runtime)).toBe(true);
    const second = silentStream();
    await ensureAddon(root, runtime, NODE, new Progress(second));
    expect(second.text).toBe('');
    expect(isAddonReady(root, { ...runtime, folder: '/elsewhere' })).toBe(false);
    expect(isAddonReady(root, { ...runtime, id: 'newer' })).toBe(false);
  });

  it('tells what the compiler says', async () => {
    const { root, runtime } = checkout('#error "this is not it"\n');
    await expect(ensureAddon(root, runtime, NODE, new Progress(silentStream()))).rejects.toThrow(
      /could not be built[^]*this is not it/,
    );
    expect(isAddonReady(root, runtime)).toBe(false);
  });

  it('refuses an addon that does not load', async () => {
    const { root, runtime } = checkout(
      'extern "C" void absent(); struct A { A() { absent(); } } a;\n',
    );
    await expect(ensureAddon(root, runtime, NODE, new Progress(silentStream()))).rejects.toThrow(
      /does not load[^]*absent/,
    );
    expect(isAddonReady(root, runtime)).toBe(false);
  });
});

describe('nodeHeaders', () => {
  it('are those that the project’s Node carries', () => {
    const headers = nodeHeaders(NODE);
    expect(readFileSync(join(headers, 'node_api.h'), 'utf8')).toContain('napi_module_register');
    if (packagedNode(ROOT) !== null) {
      expect(headers).toBe(join(dirname(NODE), '..', 'include', 'node'));
    }
  });
});
