import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Progress } from '../../../main/setup/progress.mjs';
import type { Release } from '../../../main/setup/tensorflow-releases.mjs';
import { releaseFor } from '../../../main/setup/tensorflow-releases.mjs';
import {
  damagedFiles,
  ensureRelease,
  inspectRuntime,
  isIntact,
} from '../../../main/setup/tensorflow-runtime.mjs';
import { fakeWheel, silentStream } from './fake-wheel.ts';
import { temporaryFolder, withEnvironment } from './temporary.ts';

const HEADER = 'include/tensorflow/c/c_api.h';

/** A release of small wheels with members at the same paths as in the real ones. */
let release: Release;
let index: string;

beforeAll(() => {
  index = mkdtempSync(join(tmpdir(), 'karst-wheels-'));
  const tensorflow = fakeWheel(index, 'tensorflow-probe', {
    'tensorflow/libtensorflow_cc.so.2': 'library'.repeat(1000),
    'tensorflow/libtensorflow_framework.so.2': 'framework',
    [`tensorflow/${HEADER}`]: '// header',
    'tensorflow/include/absl/base/config.h': '// not needed',
    'tensorflow/python/__init__.py': '# not needed',
  });
  const cuda = fakeWheel(index, 'nvidia-probe', {
    'nvidia/cublas/lib/libcublas.so.12': 'cublas',
    'nvidia/cublas/include/cublas.h': '// not needed',
    'nvidia/cuda_nvcc/bin/ptxas': 'ptxas',
  });
  release = { id: '1.0-probe', wheels: [tensorflow, cuda], verified: false };
});

afterAll(() => {
  rmSync(index, { recursive: true });
});

/** A cache with the downloaded wheels, as left by a set-up interrupted before unpacking. */
function cacheWithWheels(): string {
  const cache = temporaryFolder();
  withEnvironment({ KARST_CACHE: cache, KARST_TENSORFLOW_DIR: undefined });
  putWheels(cache);
  return cache;
}

function putWheels(cache: string): void {
  mkdirSync(join(cache, 'downloads'), { recursive: true });
  for (const { file } of release.wheels) {
    copyFileSync(join(index, file), join(cache, 'downloads', file));
  }
}

function install() {
  const stream = silentStream();
  return ensureRelease(release, new Progress(stream)).then((runtime) => ({
    runtime,
    told: stream.text,
  }));
}

describe('ensureRelease', () => {
  it('lays out libraries, headers and CUDA as the addon and TensorFlow look for them', async () => {
    const cache = cacheWithWheels();
    const left = join(cache, 'tensorflow', '.1.0-probe.of-an-interrupted-set-up');
    mkdirSync(left, { recursive: true });
    const { runtime } = await install();
    expect(existsSync(left)).toBe(false);
    expect(runtime.folder).toBe(join(cache, 'tensorflow', '1.0-probe'));
    const files = readdirSync(runtime.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(runtime.folder.length + 1));
    expect(files.sort()).toEqual([
      HEADER,
      'karst-runtime.json',
      'lib/libtensorflow.so',
      'lib/libtensorflow_cc.so.2',
      'lib/libtensorflow_framework.so',
      'lib/libtensorflow_framework.so.2',
      'nvidia/cublas/lib/libcublas.so.12',
      'nvidia/cuda_nvcc/bin/ptxas',
    ]);
    expect(readlinkSync(join(runtime.folder, 'lib/libtensorflow.so'))).toBe(
      'libtensorflow_cc.so.2',
    );
    expect(readdirSync(join(cache, 'downloads'))).toEqual([]);
    expect(readdirSync(join(cache, 'locks'))).toEqual([]);
  });

  it('recognises each kind of damage, and installs again', async () => {
    const cache = cacheWithWheels();
    const { runtime } = await install();
    for (const damage of [
      (dir: string) => truncateSync(join(dir, 'lib/libtensorflow_cc.so.2'), 9),
      (dir: string) => rmSync(join(dir, HEADER)),
      (dir: string) => rmSync(join(dir, 'karst-runtime.json')),
      (dir: string) => truncateSync(join(dir, 'karst-runtime.json'), 40),
    ]) {
      const copy = temporaryFolder();
      cpSync(runtime.folder, copy, { recursive: true });
      expect(isIntact(copy, release)).toBe(true);
      damage(copy);
      expect(isIntact(copy, release), damage.toString()).toBe(false);
    }
    const other = { ...release, wheels: release.wheels.slice(0, 1) };
    expect(isIntact(runtime.folder, other)).toBe(false);

    truncateSync(join(runtime.folder, 'lib/libtensorflow_cc.so.2'), 9);
    putWheels(cache);
    expect((await install()).told).toContain('Unpacking tensorflow-probe 1.0');
    expect(isIntact(runtime.folder, release)).toBe(true);
  });

  it('is done once when two checkouts ask at the same time', async () => {
    cacheWithWheels();
    const told = (await Promise.all([install(), install()])).map((one) => one.told);
    const unpacked = told.filter((text) => text.includes('Unpacking tensorflow-probe'));
    expect(unpacked).toHaveLength(1);
  });
});

describe('damagedFiles', () => {
  it('names a file with the right size and other bytes', async () => {
    cacheWithWheels();
    const { runtime } = await install();
    expect(await damagedFiles(runtime, () => undefined)).toEqual([]);
    writeFileSync(join(runtime.folder, 'lib/libtensorflow_framework.so.2'), 'Framework');
    expect(isIntact(runtime.folder, release)).toBe(true);
    expect(await damagedFiles(runtime, () => undefined)).toEqual([
      'lib/libtensorflow_framework.so.2',
    ]);
  });
});

describe('KARST_TENSORFLOW_DIR', () => {
  it('is used as it is when it is complete', () => {
    const folder = temporaryFolder();
    withEnvironment({ KARST_TENSORFLOW_DIR: folder });
    for (const name of ['lib/libtensorflow.so.2', 'lib/libtensorflow_framework.so.2', HEADER]) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), '');
    }
    const { runtime, ready } = inspectRuntime('cpu');
    expect(runtime.folder).toBe(folder);
    expect(ready).toBe(true);
  });

  it('is refused with a sentence when it is not', () => {
    const folder = temporaryFolder();
    withEnvironment({ KARST_TENSORFLOW_DIR: folder });
    expect(() => inspectRuntime('cpu')).toThrow(
      `KARST_TENSORFLOW_DIR names ${folder}, which is not a TensorFlow`,
    );
  });
});

describe('releaseFor', () => {
  it('pins every wheel by sha256 and names it by its file', () => {
    for (const platform of ['linux-x64', 'linux-arm64', 'darwin-arm64']) {
      for (const wheel of releaseFor('cpu', platform)?.wheels ?? []) {
        expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(wheel.version).toBe('2.21.0');
        expect(wheel.project).toMatch(/^tensorflow(-cpu)?$/);
      }
    }
    const gpu = releaseFor('gpu', 'linux-x64');
    expect(gpu?.wheels).toHaveLength(13);
    expect(gpu?.wheels.find((wheel) => wheel.project === 'nvidia-cuda-nvcc-cu12')).toMatchObject({
      version: '12.9.86',
      platformTag: 'manylinux_2_12_x86_64',
    });
    expect(gpu?.verified).toBe(false);
  });

  it('has none for a platform without a wheel', () => {
    expect(releaseFor('cpu', 'sunos-x64')).toBeNull();
    expect(releaseFor('gpu', 'darwin-arm64')).toBeNull();
  });
});
