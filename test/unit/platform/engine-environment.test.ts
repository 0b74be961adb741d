import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  engineEnvironment,
  xlaCacheFlag,
  xlaCacheOf,
} from '../../../main/platform/engine-environment.mjs';
import { temporaryFolder } from '../setup/temporary.ts';

describe('engineEnvironment', () => {
  it('uses all processors, grows GPU memory as needed and keeps compiled programs', () => {
    const cache = temporaryFolder();
    const environment = engineEnvironment({}, { KARST_CACHE: cache });
    const all = String(availableParallelism());
    expect(environment).toEqual({
      TF_CPP_MIN_LOG_LEVEL: '3',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      TF_XLA_FLAGS: `--tf_xla_persistent_cache_directory="${join(cache, 'xla')}"`,
      TF_CPU_ALLOCATOR_USE_BFC: 'true',
      TF_NUM_INTRAOP_THREADS: all,
      TF_NUM_INTEROP_THREADS: '1',
      OMP_NUM_THREADS: all,
      UV_THREADPOOL_SIZE: String(Math.min(32, Math.max(4, availableParallelism()))),
      CUDA_CACHE_PATH: join(cache, 'cuda'),
    });
  });

  it('leaves what the user has set, unless the caller asks for something', () => {
    const set = {
      KARST_CACHE: temporaryFolder(),
      OMP_NUM_THREADS: '7',
      TF_NUM_INTRAOP_THREADS: '7',
      TF_CPP_MIN_LOG_LEVEL: '0',
    };
    const defaults = engineEnvironment({}, set);
    expect(defaults).not.toHaveProperty('OMP_NUM_THREADS');
    expect(defaults).not.toHaveProperty('TF_CPP_MIN_LOG_LEVEL');
    const asked = engineEnvironment({ threads: 3 }, set);
    expect(asked).toMatchObject({ OMP_NUM_THREADS: '3', TF_NUM_INTRAOP_THREADS: '3' });
  });

  it('hides the CUDA cards on request and never asks for no thread', () => {
    const environment = engineEnvironment(
      { threads: 0, gpu: false },
      { KARST_CACHE: temporaryFolder() },
    );
    expect(environment).toMatchObject({ CUDA_VISIBLE_DEVICES: '-1', OMP_NUM_THREADS: '1' });
  });
});

describe('the flag for a folder of compiled programs', () => {
  it.each([
    ['/tmp/plain', '"/tmp/plain"'],
    ["/tmp/it's my cache", `"/tmp/it's my cache"`],
    ['/tmp/say "so"', '"/tmp/say \\"so\\""'],
    ['C:\\Users\\Jörg', '"C:\\\\Users\\\\Jörg"'],
    ['/tmp/a\\', '"/tmp/a\\\\"'],
    ['/tmp/a#b, 100%', '"/tmp/a#b, 100%"'],
  ])('%s', (folder, quoted) => {
    const flag = xlaCacheFlag(folder);
    expect(flag).toBe(`--tf_xla_persistent_cache_directory=${quoted}`);
    expect(xlaCacheOf(flag)).toBe(folder);
  });

  it('is known from flags of other people', () => {
    const flag = xlaCacheFlag('/tmp/a');
    for (const flags of [
      undefined,
      '',
      '--tf_xla_auto_jit=2',
      '--tf_xla_persistent_cache_directory=/tmp/a',
      `${flag} --tf_xla_auto_jit=2`,
      `--tf_xla_auto_jit=2 ${flag}`,
    ])
      expect(xlaCacheOf(flags)).toBeNull();
  });
});
