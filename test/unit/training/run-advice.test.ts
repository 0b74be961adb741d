import { describe, expect, it } from 'vitest';
import { completeConfig } from '../../../shared/training/config.ts';
import { METHOD_DEFAULTS } from '../../../shared/training/method-defaults.ts';
import {
  ADVICE_KINDS,
  adviseRun,
  REMEDY_KINDS,
  type AdvisedRun,
  type AdviceKind,
  type Change,
  type RemedyKind,
} from '../../../shared/training/run-advice.ts';
import { ADVICE_WORDS } from '../../../shared/training/advice-words.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';
import { accuracyInterval, standardError } from '../../../shared/training/accuracy-error.ts';

/** Updates per epoch. */
const STEPS = 4;

interface Case {
  readonly classes?: number;
  readonly names?: readonly string[];
  readonly train?: number;
  readonly val?: number;
  readonly settings?: SomeSettings;
  readonly running?: boolean;
  /** By epoch: validation accuracy, and mean accuracy and loss of training. */
  readonly validation: readonly number[];
  readonly training?: readonly number[];
  readonly loss?: readonly number[];
}

function advise(one: Case) {
  const epochs = one.validation.length;
  const training = one.training ?? one.validation;
  const loss = one.loss ?? training.map((top1) => 1 - top1);
  const at = Array.from({ length: epochs * STEPS }, (_, i) => i);
  const names = Array.from({ length: one.classes ?? 10 }, (_, i) => `class ${String(i)}`);
  const run: AdvisedRun = {
    config: completeConfig({ ...METHOD_DEFAULTS.karst, ...one.settings }),
    classes: one.names ?? names,
    counts: { train: one.train ?? 2000, val: one.val ?? 1000 },
    ended: one.running !== true,
  };
  let highest = -1;
  return adviseRun(run, {
    train: {
      epoch: at.map((i) => (i + 1) / STEPS),
      loss: at.map((i) => loss[Math.floor(i / STEPS)] ?? NaN),
      top1: at.map((i) => training[Math.floor(i / STEPS)] ?? NaN),
    },
    validations: one.validation.map((top1, i) => {
      const best = top1 > highest;
      if (best) highest = top1;
      return { epoch: i + 1, top1, best };
    }),
  });
}

/** From one value to another in equal steps. */
const ramp = (from: number, to: number, epochs: number) =>
  Array.from({ length: epochs }, (_, i) => from + ((to - from) * i) / Math.max(1, epochs - 1));
const flat = (value: number, epochs: number) => ramp(value, value, epochs);

const OFF = { augmentation: { cropScaleMin: 1, flip: false } };
const CROPS = { augmentation: { cropScaleMin: 0.5, flip: true } };
const GUESS = Math.log(10);
/** A run that has nothing wrong. */
const GOOD: Case = { validation: [...ramp(0.5, 0.9, 14), ...flat(0.9, 5), 0.901] };

type Told = readonly [AdviceKind, RemedyKind];

describe('a training is told', () => {
  it.each<[string, Case, readonly Told[]]>([
    ['nothing when it went well', GOOD, []],
    [
      'that it memorises',
      {
        ...{ validation: [...ramp(0.4, 0.53, 14), ...flat(0.52, 6)], val: 341 },
        ...{ training: ramp(0.4, 0.89, 20), settings: OFF },
      },
      [['memorises', METHOD_DEFAULTS.karst.augmentation.flip ? 'crop-flip' : 'crop']],
    ],
    [
      'that it memorises digits, which are not flipped',
      {
        ...{ validation: flat(0.53, 20), training: ramp(0.4, 0.89, 20), settings: OFF },
        names: ['0', '1', '2'],
      },
      [['memorises', 'crop']],
    ],
    [
      'that it memorises, augmented as it is',
      { validation: flat(0.53, 20), training: ramp(0.4, 0.89, 20), settings: CROPS },
      [['memorises', 'regularise']],
    ],
    [
      'nothing of a gap that few images explain',
      { validation: flat(0.75, 5), training: flat(0.9, 5), val: 100, train: 100 },
      [],
    ],
    [
      'nothing of a small gap, however sure',
      { validation: flat(0.85, 5), training: flat(0.94, 5), val: 100_000, train: 100_000 },
      [],
    ],
    ['that it still improves', { validation: ramp(0.3, 0.7, 20) }, [['improving', 'extend']]],
    [
      'nothing of an improvement that the images do not show',
      { validation: ramp(0.7, 0.73, 20), val: 300 },
      [],
    ],
    [
      'that it does not learn, with updates too small',
      { validation: flat(0.1, 8), loss: flat(GUESS - 0.01, 8) },
      [['no-learning', 'rate']],
    ],
    [
      'that it does not learn, with updates too large, also while it runs',
      { validation: flat(0.1, 8), loss: flat(GUESS + 0.5, 8), running: true },
      [['no-learning', 'rate']],
    ],
    [
      'that few images validate it, where they hide what the loss shows',
      {
        ...{ validation: flat(0.5, 4), loss: ramp(1.1, 0.7, 4), training: flat(0.6, 4) },
        ...{ names: ['0', '1', '2'], val: 6, train: 18 },
      },
      [['few-validation', 'more-validation']],
    ],
    [
      'nothing of a learning rate that is still being warmed up',
      {
        validation: [0.1],
        loss: [GUESS + 0.1],
        settings: { schedule: { warmupEpochs: 1, epochs: 1 } },
      },
      [],
    ],
    [
      'that it diverges',
      { validation: [0.5, 0.6, 0.2, 0.1], loss: [1, 0.9, 2, 4], running: true },
      [['diverging', 'rate']],
    ],
    [
      'that it is unstable',
      { validation: [0.5, 0.6, 0.7, 0.3, 0.7, 0.2, 0.7, 0.75] },
      [['unstable', 'rate']],
    ],
    ['nothing of one odd epoch', { validation: [0.5, 0.6, 0.7, 0.3, 0.72, 0.72] }, []],
    [
      'that the best came early',
      { validation: [0.7, 0.9, 0.95, ...flat(0.94, 9)] },
      [['early-best', 'early-stopping']],
    ],
    [
      'nothing of that where early stopping is on',
      { validation: [0.7, 0.9, 0.95, ...flat(0.94, 9)], settings: { earlyStopping: 20 } },
      [],
    ],
    [
      'that few images validate it',
      { validation: ramp(0.7, 0.75, 8), val: 40 },
      [['few-validation', 'more-validation']],
    ],
    ['nothing before it has settled', { validation: [0.1, 0.1], running: true }, []],
    ['nothing of its end while it runs', { validation: ramp(0.3, 0.7, 20), running: true }, []],
    ['nothing without validation images', { validation: [], training: [], val: 0 }, []],
  ])('%s', (_, one, told) => {
    expect(advise(one).map(({ kind, remedy }) => [kind, remedy])).toEqual(told);
  });

  const changesOf = (one: Case): readonly Change[] => advise(one).flatMap(({ changes }) => changes);

  it('what to set', () => {
    const stuck: Case = { validation: flat(0.1, 8), loss: flat(GUESS + 0.5, 8) };
    const rate = METHOD_DEFAULTS.karst.optimizer.learningRate;
    const set = (learningRate: number) => ({ settings: { optimizer: { learningRate } } });
    const change = (value: number) => [
      { key: 'optimizer.learningRate', value: Number(value.toPrecision(2)) },
    ];
    expect(changesOf({ ...stuck, ...set(rate) })).toEqual(change(rate / 3));
    expect(changesOf({ ...stuck, ...set(2 * rate) }), 'the default is near').toEqual(change(rate));
    expect(changesOf({ ...stuck, ...set(30 * rate) })).toEqual(change(10 * rate));
    expect(changesOf({ ...stuck, ...set(rate), loss: flat(GUESS - 0.1, 8) })).toEqual(
      change(3 * rate),
    );

    const memorised: Case = {
      validation: [0.5, 0.53, ...flat(0.5, 18)],
      training: ramp(0.4, 0.89, 20),
      settings: { ...CROPS, optimizer: { weightDecay: 0.01 } },
    };
    expect(changesOf(memorised)).toEqual([
      { key: 'optimizer.weightDecay', value: 0.1 },
      { key: 'schedule.epochs', value: 6 },
    ]);
  });

  it('in sentences whose figures are all there', () => {
    const cases: Case[] = [
      { validation: ramp(0.4, 0.53, 20), training: ramp(0.4, 0.89, 20), val: 341 },
      { validation: ramp(0.3, 0.7, 20) },
      { validation: flat(0.1, 8), loss: flat(GUESS - 0.01, 8) },
      { validation: [0.5, 0.6, 0.2, 0.1], loss: [1, 0.9, 2, 4] },
      { validation: [0.5, 0.6, 0.7, 0.3, 0.7, 0.2, 0.7, 0.75] },
      { validation: [0.7, 0.9, 0.95, ...flat(0.94, 9)] },
      { validation: ramp(0.7, 0.75, 8), val: 40 },
    ];
    const all = cases.flatMap(advise);
    expect([...new Set(all.map(({ kind }) => kind))].sort()).toEqual([...ADVICE_KINDS].sort());
    for (const { kind, remedy, figures } of all) {
      const words = `${ADVICE_WORDS.finding[kind]} ${ADVICE_WORDS.remedy[remedy]}`;
      for (const [, name = ''] of words.matchAll(/\{(\w+)\}/g))
        expect(figures).toHaveProperty(name);
    }
    expect(Object.keys(ADVICE_WORDS.remedy).sort()).toEqual([...REMEDY_KINDS].sort());
  });
});

it('an accuracy is as sure as its images are many', () => {
  // Wilson (1927): 8 of 10, and the limits 0 and 1.
  const [low, high] = accuracyInterval(0.8, 10);
  expect([low, high].map((x) => Math.round(1000 * x))).toEqual([490, 943]);
  expect(accuracyInterval(1, 10)[1]).toBe(1);
  expect(accuracyInterval(0, 10)[0]).toBe(0);
  expect(standardError(0.5, 96)).toBeCloseTo(0.05, 12);
  expect(standardError(1, 10)).toBeGreaterThan(0.08);
});
