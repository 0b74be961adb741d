import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { diagnosis as schema } from '../../../shared/contract/window/system.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { anonymous } from '../../../main/host/services/diagnosis/anonymous.ts';
import { diagnose } from '../../../main/host/services/diagnosis/diagnosis.ts';
import type { EngineSpawner } from '../../../main/host/contract/engine.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import { studioIn, temporaryFolder, writeBackbone } from './support.ts';

describe('a diagnosis', () => {
  it('tells of the machine and of what an engine runs on', async () => {
    const home = temporaryFolder();
    const studio = await studioIn(home);
    await studio.backbones.add(await writeBackbone(join(home, 'secret-project')), { name: 'tiny' });
    const { machine, device, error, report } = v.parse(schema, await diagnose(studio));
    expect(machine.platform).toBe(process.platform);
    expect(machine.cores).toBeGreaterThan(0);
    expect(machine.freeMemoryBytes).toBeLessThanOrEqual(machine.memoryBytes);
    expect(machine.diskFreeBytes).toBeGreaterThan(0);
    expect(device?.device).toBe('cpu');
    expect(error).toBeNull();
    expect(report.split('\n').map((line) => line.split(':')[0])).toEqual([
      'KARST Studio',
      'Node',
      'System',
      'Processor',
      'Memory',
      'Engine',
      'Kernels',
      'Device',
      'Data',
      'Library',
      'Starter',
      'Cache',
      'Settings',
    ]);
    expect(report).toContain('Library: 1 backbone, 0 datasets, 0 runs, 0 adapters');
  });

  it('tells of compiled code that stays off', async () => {
    const studio = await studioIn(temporaryFolder());
    const probe: Studio['probe'] = async (watching) => ({
      ...(await studio.probe(watching)),
      kernels: 'avx2',
      kernelsOff: [{ level: 'avx512', reason: 'karst_matmul gave a wrong result' }],
      resamplingOff: 'a known image came to other pixels',
    });
    const { device, report } = v.parse(schema, await diagnose({ ...studio, probe }));
    expect(device?.kernelsOff).toEqual([
      { level: 'avx512', reason: 'karst_matmul gave a wrong result' },
    ]);
    expect(report).toContain(
      'Kernels: avx2\nKernels off: The kernels for AVX-512 are off, since their self-check failed: ' +
        'karst_matmul gave a wrong result. Instead, those for AVX2 are used, which takes longer.\n' +
        'Resampling off: The compiled resampling of images is off, since its self-check failed: a known image came to other ' +
        'pixels. Instead, images are resized in JavaScript, which takes longer.',
    );
  });

  it('names neither the user nor any file, though errors do', async () => {
    const home = temporaryFolder();
    const spawn: EngineSpawner = () => {
      throw new KarstError(
        'engine-unavailable',
        `Cannot load ${homedir()}/cache/libtensorflow.so.2: no such file.`,
        { hint: `Look into C:\\Users\\mara\\AppData and \\\\server\\share\\x, ${home}.` },
      );
    };
    const { device, error, report } = v.parse(
      schema,
      await diagnose(await studioIn(home, { spawn })),
    );
    expect(device).toBeNull();
    // The error shown locally keeps its paths.
    expect(error?.message).toContain(homedir());
    expect(report).toContain('Engine: engine-unavailable. Cannot load <path> no such file.');
    for (const secret of [homedir(), home, 'mara', 'server', 'libtensorflow'])
      expect(report).not.toContain(secret);
  });
});

describe('anonymous text', () => {
  it.each([
    ['Cannot read /home/mara/a b.png: gone', 'Cannot read <path> b.png: gone'],
    ['in "/srv/data/x.json".', 'in "<path>".'],
    ['D:\\pictures\\me.jpg is damaged', '<path> is damaged'],
    [
      '~ 3/4 of 10 images/second, /device:CPU:0 and 1/2',
      '~ 3/4 of 10 images/second, <path> and 1/2',
    ],
    ['nothing to hide', 'nothing to hide'],
  ])('%s', (text, clean) => {
    expect(anonymous(text)).toBe(clean);
  });

  it('knows paths with blanks that it was told of, and what lies below them', () => {
    const paths = ['/data/my birds', '/data/my birds/a b.png'];
    expect(anonymous('/data/my birds/a b.png, in /data/my birds/x/y.', paths)).toBe(
      '<path>, in <path>',
    );
  });

  it('has no name of the account', () => {
    const { username } = userInfo();
    expect(anonymous(`run by ${username}x`)).toBe(
      username.length > 2 ? 'run by <name>x' : `run by ${username}x`,
    );
  });
});
