import { describe, expect, it } from 'vitest';
import { heldTo } from '../../bench/isa.ts';
import { comparisonsOf, MODEL_NAMES } from '../../bench/models.ts';
import { benchOptions } from '../../bench/options.ts';

describe('the options of the bench', () => {
  const folders = ['--backbone', '/b', '--data', '/d'];

  it('take a whole job of two folders, as large as its aims say or smaller', () => {
    expect(benchOptions([]).job).toBeNull();
    const usual = { epochs: 12, seeds: 3 };
    const sets = [
      { name: 'hands', size: 112, ...usual },
      { name: 'flowers', size: 224, ...usual },
    ];
    const whole = { backbone: '/b', data: '/d', sets, turns: 3 };
    expect(benchOptions(folders).job).toEqual(whole);
    const words = ['--sets', 'hands:56,steel:28:4:0', '--epochs', '1', '--seeds', '2'];
    expect(benchOptions([...folders, ...words, '--turns', '1']).job).toEqual({
      ...whole,
      sets: [
        { name: 'hands', size: 56, epochs: 1, seeds: 2 },
        { name: 'steel', size: 28, epochs: 4, seeds: 0 },
      ],
      turns: 1,
    });
  });

  it.each([
    [['--only', 'job'], '--only job takes --backbone DIR and --data DIR'],
    [['--only', 'job', '--data', '/d'], '--backbone DIR'],
    [[...folders, '--epochs', '0'], '--epochs is a whole number from 1, not "0"'],
    [[...folders, '--seeds', 'three'], '--seeds is a whole number from 0'],
    [[...folders, '--sets', 'hands:56:0'], '--sets takes NAME:PIXELS[:EPOCHS[:SEEDS]]'],
    [['--turns', '1.5'], '--turns is a whole number'],
    [[...folders, '--sets', 'hands'], '--sets takes NAME:PIXELS'],
    [['--models', 'tiny,large'], '--models takes tiny, base, dinov2-112, dinov2-224, swin'],
    [['--device', 'tpu'], '--device is cpu or gpu'],
    [['--device', 'gpu', '--isa', 'avx2'], '--isa holds processors'],
    [['--keep'], '--keep goes with --only'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuse %j', (words, message) => {
    expect(() => benchOptions(words)).toThrow(message);
  });

  it('choose models, their peers and their turns', () => {
    const all = { quick: false, chosen: undefined, turns: null };
    expect(comparisonsOf(all).map(({ model }) => model)).toHaveLength(MODEL_NAMES.length);
    const quick = comparisonsOf({ ...all, quick: true });
    expect(quick.map(({ model }) => model)).toEqual(['ViT-Tiny/16', 'ViT-Base/16']);
    const [swin] = comparisonsOf({ ...all, chosen: 'swin', turns: 1 });
    expect(swin).toMatchObject({ batch: 8, size: 224, turns: 1 });
    expect(swin?.forms).toEqual(expect.arrayContaining(['karst-gemm', 'lora', 'lokr']));
  });
});

describe('holding to an instruction set', () => {
  const isas = ['avx512', 'avx2'] as const;

  it('tells every library', () => {
    const { isa, variables } = heldTo('avx2', { XLA_FLAGS: '--a', KARST_CACHE: '/c' }, isas);
    expect(isa).toBe('avx2');
    expect(variables).toEqual({
      KARST_KERNELS: 'avx2',
      // Without YNNPACK, which no flag holds.
      XLA_FLAGS: '--a --xla_cpu_max_isa=AVX2 --xla_cpu_experimental_ynn_fusion_type=',
      ...{ OPENBLAS_CORETYPE: 'Haswell', ATEN_CPU_CAPABILITY: 'avx2' },
      ...{ ONEDNN_MAX_CPU_ISA: 'AVX2', MKL_ENABLE_INSTRUCTIONS: 'AVX2' },
      // Programs compiled for the processor's best are not taken from the usual cache.
      TF_XLA_FLAGS: expect.stringContaining('xla-avx2') as string,
    });
  });

  it('is refused where the processor or the bench does not know the set', () => {
    expect(() => heldTo('avx512', {}, ['avx2'])).toThrow('this processor has no AVX-512');
    expect(() => heldTo('amx', {}, ['amx', ...isas])).toThrow('--isa takes avx512 or avx2');
    expect(() => heldTo('sse', {}, isas)).toThrow('not "sse"');
  });
});
