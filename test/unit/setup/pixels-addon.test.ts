import { appendFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PACKAGE, PIXELS } from '../../../main/platform/addons.mjs';
import { packagedNode } from '../../../main/platform/node-runtime.mjs';
import { ensurePixelsAddon, isPixelsAddonReady } from '../../../main/setup/pixels-addon.mjs';
import { Progress } from '../../../main/setup/progress.mjs';
import { silentStream } from './fake-wheel.ts';
import { temporaryFolder, withEnvironment } from './temporary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NODE = packagedNode(ROOT) ?? process.execPath;
const SOURCES = join('main', 'engine', 'pixels');

/** A checkout with the sources of the addon, without TensorFlow. */
function checkout(): string {
  const folder = temporaryFolder();
  withEnvironment({ KARST_CACHE: join(folder, 'cache') });
  const root = join(folder, 'checkout');
  cpSync(join(ROOT, SOURCES), join(root, SOURCES), { recursive: true });
  mkdirSync(join(root, PACKAGE), { recursive: true });
  return root;
}

describe.skipIf(process.platform === 'win32')('ensurePixelsAddon', () => {
  it('builds once, and does nothing until the sources change', async () => {
    const root = checkout();
    expect(isPixelsAddonReady(root)).toBe(false);
    const first = silentStream();
    await ensurePixelsAddon(root, NODE, new Progress(first));
    expect(first.text).toContain('Resampling of images built');
    expect(existsSync(join(root, PIXELS))).toBe(true);
    expect(isPixelsAddonReady(root)).toBe(true);
    const second = silentStream();
    await ensurePixelsAddon(root, NODE, new Progress(second));
    expect(second.text).toBe('');
    appendFileSync(join(root, SOURCES, 'addon.cc'), '// Another line.\n');
    expect(isPixelsAddonReady(root)).toBe(false);
  });

  it('does without it, and says so, where the compiler cannot build it', async () => {
    const root = checkout();
    appendFileSync(join(root, SOURCES, 'addon.cc'), '#error "no such vector"\n');
    const told = silentStream();
    await ensurePixelsAddon(root, NODE, new Progress(told));
    expect(told.text).toMatch(/without the compiled resampling[^]*no such vector/);
    expect(existsSync(join(root, PIXELS))).toBe(false);
    // Not tried again at every start.
    expect(isPixelsAddonReady(root)).toBe(true);
  });

  it('does without it, and says so, where there is no compiler', async () => {
    const root = checkout();
    withEnvironment({ CXX: join(root, 'no-such-compiler') });
    const told = silentStream();
    await ensurePixelsAddon(root, NODE, new Progress(told));
    expect(told.text).toMatch(/without the compiled resampling[^]*There is no C\+\+ compiler/);
    expect(isPixelsAddonReady(root)).toBe(true);
  });
});
