import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { PRESETS, TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { karst, KARST_DEFAULTS, type KarstOptions } from '../../../shared/methods/karst.ts';
import { lora, type LoraOptions } from '../../../shared/methods/lora.ts';
import { METHOD_NAMES } from '../../../shared/methods/registry.ts';
import {
  allSettings,
  completeConfig,
  configFrom,
  looseTrainingSchema,
  trainingSchema,
  type TrainingConfig,
} from '../../../shared/training/config.ts';
import {
  isSettingKey,
  settingsOrStandard,
  settingValue,
} from '../../../shared/training/settings.ts';

/** The format of versions before 0.1.0, which stored the options of unused methods as well. */
const FORMER = {
  method: 'lora',
  karst: { rank: 5, kernels: 3 },
  lora: { rank: 4, dropout: 0.1 },
  optimiser: { learningRate: 0.5 },
  augmentation: { colourJitter: 0.2 },
  batchSize: 7,
} as const;

describe('the settings of a run', () => {
  it('hold the options of its own method and of no other', () => {
    type Lora = Extract<TrainingConfig['tuning'], { method: 'lora' }>;
    expectTypeOf<Lora['options']>().toEqualTypeOf<LoraOptions>();
    type Tuning = TrainingConfig['tuning'];
    expectTypeOf<{ method: 'lora'; options: KarstOptions }>().not.toExtend<Tuning>();
    expectTypeOf<{ method: 'linear'; options: KarstOptions }>().not.toExtend<Tuning>();
    for (const method of METHOD_NAMES) {
      const config = completeConfig({ method, karst: { rank: 3 }, lora: { rank: 5 } });
      const rank = new Map<string, number>([
        ['karst', 3],
        ['lora', 5],
      ]).get(method);
      expect(config.tuning).toMatchObject({ method, options: rank === undefined ? {} : { rank } });
      expect(Object.keys(config)).not.toContain('karst');
      expect(Object.keys(config)).not.toContain('method');
      expect(v.parse(trainingSchema, config)).toEqual(config);
    }
  });

  it('are refused with options of another method, or of none', () => {
    const tuning = { method: 'linear', options: { rank: 4 } };
    expect(v.is(trainingSchema, { ...TRAINING_DEFAULTS, tuning })).toBe(false);
    expect(v.parse(looseTrainingSchema, { ...TRAINING_DEFAULTS, tuning }).tuning).toEqual({
      method: 'linear',
      options: {},
    });
    const mixed = { method: 'lora', options: KARST_DEFAULTS };
    expect(v.is(looseTrainingSchema, { ...TRAINING_DEFAULTS, tuning: mixed })).toBe(false);
    const none = { method: 'none', options: {} };
    expect(v.is(looseTrainingSchema, { ...TRAINING_DEFAULTS, tuning: none })).toBe(false);
  });

  it('of earlier versions say what they said, under the names of now', () => {
    const config = completeConfig(FORMER as object);
    expect(config.tuning).toEqual({
      method: 'lora',
      options: { ...lora.options.defaults, rank: 4, dropout: 0.1 },
    });
    expect(config.optimizer).toEqual({ ...TRAINING_DEFAULTS.optimizer, learningRate: 0.5 });
    expect(config.augmentation.colorJitter).toBe(0.2);
    expect(config.batchSize).toBe(7);
    expect(config.seed).toBe(TRAINING_DEFAULTS.seed);
  });

  it('of a preset are settings that there are', () => {
    for (const preset of Object.values<object>(PRESETS)) {
      const keys = Object.entries(preset).flatMap(([name, value]: [string, unknown]) =>
        typeof value === 'object' && value !== null
          ? Object.keys(value).map((inner) => `${name}.${inner}`)
          : [name],
      );
      expect(keys.filter((key) => !isSettingKey(key))).toEqual([]);
    }
  });

  it('are the same after they were stored and read', () => {
    for (const stored of [FORMER as object, PRESETS.compact, { method: 'full' as const }]) {
      const config = completeConfig(stored);
      const read = JSON.parse(JSON.stringify(config)) as object;
      expect(completeConfig(read)).toEqual(config);
    }
  });

  it('become those of a form, whose other methods are as usual, and come back from it', () => {
    const config = completeConfig({ method: 'lora', lora: { rank: 2 } });
    const all = allSettings(config);
    expect(all.method).toBe('lora');
    expect(all.karst).toEqual(karst.options.defaults);
    expect(settingValue(all, 'lora.rank')).toBe(2);
    expect(configFrom(all)).toEqual(config);
    expect(configFrom(settingsOrStandard({}))).toEqual(TRAINING_DEFAULTS);
  });
});
