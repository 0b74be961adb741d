import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelsAddon, RUNTIME } from '../../../main/platform/addons.mjs';
import { processorIsas, type Isa } from '../../../main/platform/kernels.mjs';
import { runCommand } from '../../../main/setup/command.mjs';
import { nodeDirectory } from '../../../main/setup/node-gyp.mjs';
import { compilerCommand } from '../../../main/setup/prerequisites.mjs';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import { copyCheckout } from '../../fixtures/engine/copied-checkout.ts';
import { kernelFlags, nativeSources } from '../../fixtures/native/kernel-sources.ts';
import { runProcess, type EngineOptions } from '../../fixtures/engine/engine-process.ts';
import {
  configured,
  metricsOf,
  SMALLEST_VIT,
  timeless,
  TestBed,
} from '../../fixtures/engine/test-bed.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const isas = processorIsas();

/**
 * Deliberately wrong kernels: the last element of every product is 1 too large. Built for the
 * lowest ISA level, which compiles fastest, and installed in place of the best one.
 */
describe.runIf(isas.length > 0)('kernels that are wrong', () => {
  const [best = 'avx2'] = isas;
  const folder = mkdtempSync(join(tmpdir(), 'karst-refused-'));
  const wrong = join(folder, 'wrong.node');
  let testBed: TestBed;

  beforeAll(async () => {
    const tensorflow = join(ROOT, RUNTIME);
    const { code, output } = await runCommand(compilerCommand()?.command ?? 'g++', [
      ...['-O1', '-DKARST_DELIBERATE_FAULT', '-DNAPI_VERSION=8', '-shared', '-fPIC', '-pthread'],
      ...['-std=c++17', '-fvisibility=hidden', ...kernelFlags('avx2')],
      ...['-I', join(nodeDirectory(process.execPath), 'include', 'node')],
      ...['-I', join(tensorflow, 'include'), ...nativeSources('kernels'), '-o', wrong],
      ...['-L', join(tensorflow, 'lib'), '-ltensorflow', '-ltensorflow_framework'],
      `-Wl,-rpath,${join(tensorflow, 'lib')}`,
    ]);
    expect(code, output).toBe(0);
    testBed = await TestBed.open({
      ...SMALLEST_VIT,
      ...{ imageSize: 64, width: 64, mlpDim: 256, heads: 4, depth: 2 },
    });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await testBed.remove();
  });

  /** A short training with products large enough for the kernels. */
  async function train(options: Omit<EngineOptions, 'native'>): Promise<{
    events: readonly EngineEvent[];
    numbers: readonly object[];
  }> {
    const images = await testBed.images({ train: 16, val: 8 });
    const config = configured({ batchSize: 16, matmulPrecision: 'high', schedule: { epochs: 2 } });
    const job = await testBed.run(images, config);
    const engine = await runProcess(job, testBed.cacheDir, { native: true, ...options });
    expect(engine.outcome().type).toBe('done');
    return { events: engine.events, numbers: timeless(await metricsOf(job)) };
  }

  function checkoutWith(kernels: Partial<Record<Isa, string>>): string {
    const root = mkdtempSync(join(folder, 'checkout-'));
    copyCheckout(root, kernels);
    return root;
  }

  const warnings = (events: readonly EngineEvent[]): string[] =>
    events.flatMap((event) =>
      event.type === 'log' && event.level === 'warning' ? [event.message] : [],
    );

  it('stay off, the next ones compute the same as ever, and the run’s log says so', async () => {
    const next = isas[1];
    const right = next === undefined ? {} : { [next]: join(ROOT, kernelsAddon(next)) };
    const root = checkoutWith({ [best]: wrong, ...right });
    const { events, numbers } = await train({
      entry: join(root, 'main', 'engine', 'entry.ts'),
      env: { KARST_KERNELS: '' },
    });
    expect(events.find((event) => event.type === 'ready')?.device).toMatchObject({
      kernels: next ?? null,
      kernelsOff: [{ level: best, reason: 'karst_matmul gave a wrong result' }],
    });
    expect(warnings(events)).toHaveLength(1);
    expect(warnings(events)[0]).toMatch(
      /^The kernels for .* are off, since their self-check failed/,
    );
    const expected = await train({ env: { KARST_KERNELS: next ?? 'none' } });
    expect(warnings(expected.events)).toEqual([]);
    expect(numbers).toEqual(expected.numbers);
  });

  it('leave everything to XLA where there are no others, and the doctor and plans know it', async () => {
    const root = checkoutWith({ [best]: wrong });
    const { events, numbers } = await train({
      entry: join(root, 'main', 'engine', 'entry.ts'),
      env: { KARST_KERNELS: best },
    });
    expect(events.find((event) => event.type === 'ready')?.device.kernels).toBeNull();
    expect(warnings(events)[0]).toContain('TensorFlow computes everything');
    const expected = await train({ env: { KARST_KERNELS: 'none' } });
    expect(numbers).toEqual(expected.numbers);

    const env = { ...process.env, KARST_KERNELS: '', NO_COLOR: '1' };
    const run = (...args: string[]): ReturnType<typeof runCommand> =>
      runCommand(process.execPath, args, { env });
    const launcher = join(root, 'main', 'cli', 'karst.mjs');
    const doctor = await run(launcher, 'doctor', '--home', join(root, 'home'));
    expect(doctor.code, doctor.output).toBe(0);
    expect(doctor.output).toMatch(/^kernels +none, TensorFlow’s own$/m);
    expect(doctor.output).toMatch(
      /^kernels off +The kernels for .*: karst_matmul gave a wrong result\. .*npm run setup/m,
    );
    const told = await run(join(root, 'main', 'platform', 'tell-kernels.mjs'), root);
    expect(told.output).toContain('{"isa":null}');
  });

  it('are told from those that are right', async () => {
    const { events } = await train({ env: { KARST_KERNELS: best } });
    expect(events.find((event) => event.type === 'ready')?.device).toMatchObject({
      kernels: best,
      kernelsOff: [],
    });
  });
});
