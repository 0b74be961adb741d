// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { nextTick } from 'vue';
import { beforeEach, describe, expect, it } from 'vitest';
import { setBridge } from '../../../../renderer/bridge/index.ts';
import { useDatasets } from '../../../../renderer/stores/datasets.ts';
import { useTrainDraft } from '../../../../renderer/stores/train-draft.ts';
import { SMALLEST_VIT } from '../../../fixtures/engine/test-bed.ts';
import { SMALLEST_SWIN } from '../../../fixtures/models.ts';
import { adviceOn, problemText } from '../../../../renderer/views/train/advice.ts';
import { presetSettings, withSetting } from '../../../../renderer/domain/settings.ts';
import { TRAINING_DEFAULTS } from '../../../../shared/domain/training.ts';
import type { RunStart } from '../../../../shared/contract/window/runs.ts';
import type { Dataset } from '../../../../shared/domain/library.ts';
import { METHOD_DEFAULTS } from '../../../../shared/training/method-defaults.ts';
import { FakeBridge } from '../fake-bridge.ts';
import { runView } from '../runs.ts';
import { allSettings, completeConfig, configFrom } from '../../../../shared/training/config.ts';

const KEY = 'karst.train';
const STANDARD = allSettings(TRAINING_DEFAULTS);
const NEW = completeConfig(METHOD_DEFAULTS.karst);
const RATES = {
  karst: METHOD_DEFAULTS.karst.optimizer.learningRate,
  lora: METHOD_DEFAULTS.lora.optimizer.learningRate,
  full: METHOD_DEFAULTS.full.optimizer.learningRate,
};

/** A dataset with one image of each class, as the library's list has it. */
function putDataset(id: string, ...classes: string[]): void {
  const each = { train: 1, val: 0, test: 0 };
  useDatasets().put({
    ...{ id, name: id, path: `/${id}`, layout: 'class-folders', counts: each, excluded: 0 },
    classes: classes.map((name, index) => ({ index, name, ...each, excluded: 0, leftOut: false })),
    ...{ unusable: 0, duplicates: 0, bytes: 1, valFraction: 0, testFraction: 0, seed: 0 },
    ...{ givenSplits: [], hasFormerSplit: false, createdAt: '2026-11-22T10:00:00.000Z' },
  } satisfies Dataset);
}

beforeEach(() => {
  setBridge(new FakeBridge());
  sessionStorage.clear();
  setActivePinia(createPinia());
});

describe('the training that is being set up', () => {
  it('tells what was changed, and takes it back one by one or all at once', () => {
    const draft = useTrainDraft();
    expect(draft.changed).toEqual([]);
    draft.set('karst.rank', 4);
    draft.set('seed', 9);
    expect(draft.changed).toEqual(['karst.rank', 'seed']);
    draft.reset('karst.rank');
    expect(draft.changed).toEqual(['seed']);
    draft.resetAll();
    expect(draft.config).toEqual(NEW);
  });

  it('does not count a method as a change, nor what has no effect with it', () => {
    const draft = useTrainDraft();
    draft.set('karst.rank', 4);
    draft.setMethod('linear');
    expect(draft.changed).toEqual([]);
    draft.setMethod('karst');
    expect(draft.changed).toEqual(['karst.rank']);
  });

  it('takes a preset for the method that is chosen', () => {
    const draft = useTrainDraft();
    draft.setMethod('full');
    draft.startFromPreset('paper-code');
    expect(draft.settings).toEqual(
      presetSettings('paper-code', { method: 'full', mayFlip: true, backbone: null }),
    );
    expect(draft.changed).toEqual([]);
  });

  it('takes all of a run, and tells changes apart from it', () => {
    const draft = useTrainDraft();
    const config = completeConfig({ method: 'full', batchSize: 7 });
    draft.startFromRun(runView({ name: 'mother', config, projectId: 'p' }));
    expect([draft.datasetId, draft.backboneId, draft.projectId]).toEqual(['d1', 'b1', 'p']);
    expect(draft.config).toEqual(config);
    expect(draft.changed).toEqual([]);
    draft.set('batchSize', 8);
    draft.resetAll();
    expect(draft.config.batchSize).toBe(7);
  });

  it('starts a copy of a run where the run started', () => {
    const draft = useTrainDraft();
    const config = completeConfig({ method: 'lora' });
    const from: RunStart = {
      ...{ adapterId: 'ad-1', adapterName: 'older', backboneId: 'b1', datasetId: 'd1' },
      ...{ tuning: config.tuning, imageSize: 0, initialize: 'backbone', classes: null },
    };
    draft.startFromRun(runView({ config }), from);
    expect([draft.start, draft.changed]).toEqual([from, []]);
    draft.startFromRun(runView({ config }));
    expect(draft.start).toBeNull();
  });

  it('has the defaults of the method that is chosen, and keeps what was changed', async () => {
    const draft = useTrainDraft();
    const rate = () => draft.settings.optimizer.learningRate;
    draft.setMethod('full');
    expect([rate(), draft.changed]).toEqual([RATES.full, []]);
    draft.setMethod('lora');
    expect([rate(), draft.changed]).toEqual([RATES.lora, []]);

    draft.set('optimizer.learningRate', RATES.full);
    draft.setMethod('full');
    expect(draft.changed, 'as it is by default').toEqual([]);
    await nextTick();
    setActivePinia(createPinia());
    const again = useTrainDraft();
    again.setMethod('karst');
    expect(again.settings.optimizer.learningRate, 'but chosen').toBe(RATES.full);
    expect(again.changed).toEqual(['optimizer.learningRate']);
    again.reset('optimizer.learningRate');
    again.setMethod('full');
    again.set('batchSize', 7);
    again.resetAll();
    expect(again.settings.method).toBe('full');
    expect([again.settings.batchSize, again.settings.optimizer.learningRate]).toEqual([
      32,
      RATES.full,
    ]);
  });

  it('takes what a run left at its defaults to those of another method', () => {
    const draft = useTrainDraft();
    const config = configFrom({ ...allSettings(NEW), batchSize: 7 });
    draft.startFromRun(runView({ config }));
    draft.setMethod('full');
    expect(draft.settings.optimizer.learningRate).toBe(RATES.full);
    expect(draft.settings.batchSize).toBe(7);
    expect(draft.changed).toEqual([]);
  });

  it('brings the augmentation of the method, and keeps what was changed of it', () => {
    const draft = useTrainDraft();
    const crop = () => draft.settings.augmentation.cropScaleMin;
    draft.setMethod('full');
    expect(crop()).toBe(METHOD_DEFAULTS.full.augmentation.cropScaleMin);
    draft.set('augmentation.cropScaleMin', 0.35);
    draft.setMethod('linear');
    expect([crop(), draft.changed]).toEqual([0.35, ['augmentation.cropScaleMin']]);
    draft.reset('augmentation.cropScaleMin');
    expect([crop(), draft.changed]).toEqual([METHOD_DEFAULTS.linear.augmentation.cropScaleMin, []]);
  });

  it('flips by default where the names of the classes allow it', () => {
    putDataset('flowers', 'rose', 'daisy');
    putDataset('digits', '0', '1');
    const draft = useTrainDraft();
    const flips = () => draft.settings.augmentation.flip;
    const usual = METHOD_DEFAULTS.karst.augmentation.flip;
    draft.datasetId = 'flowers';
    expect([flips(), draft.changed]).toEqual([usual, []]);
    draft.datasetId = 'digits';
    expect([flips(), draft.changed]).toEqual([false, []]);
    draft.set('augmentation.flip', true);
    draft.datasetId = 'flowers';
    draft.datasetId = 'digits';
    expect([flips(), draft.changed]).toEqual([true, ['augmentation.flip']]);
    draft.reset('augmentation.flip');
    expect(flips()).toBe(false);

    // A run on digits did not flip by default: that is no reason not to flip flowers.
    const config = completeConfig({
      ...METHOD_DEFAULTS.karst,
      augmentation: { ...METHOD_DEFAULTS.karst.augmentation, flip: false },
    });
    draft.startFromRun(runView({ config, classes: ['0', '1'], datasetId: 'digits' }));
    expect([flips(), draft.changed]).toEqual([false, []]);
    draft.datasetId = 'flowers';
    expect([flips(), draft.changed]).toEqual([usual, []]);
  });

  it('keeps what a field shows and does not take, while it matters, and until a value is set', () => {
    const draft = useTrainDraft();
    draft.setTyped('karst.rank', '1,000');
    draft.setTyped('batchSize', '-');
    expect(draft.untaken).toEqual(['karst.rank', 'batchSize']);
    draft.setMethod('linear');
    expect(draft.untaken).toEqual(['batchSize']);
    draft.set('batchSize', 8);
    expect(draft.untaken).toEqual([]);
    draft.setMethod('karst');
    expect(draft.untaken).toEqual(['karst.rank']);
    draft.resetAll();
    expect(draft.untaken).toEqual([]);
    expect(draft.typed.size).toBe(0);
  });

  it('is still there after the page was loaded anew', async () => {
    const draft = useTrainDraft();
    draft.datasetId = 'd9';
    draft.set('karst.rank', 3);
    await nextTick();
    setActivePinia(createPinia());
    const again = useTrainDraft();
    expect(again.datasetId).toBe('d9');
    expect(again.settings.karst.rank).toBe(3);
    expect(again.changed).toEqual(['karst.rank']);
  });

  it.each(['{"projectId":1}', 'no json', '{}'])('begins anew when it finds %s', (text) => {
    sessionStorage.setItem(KEY, text);
    const draft = useTrainDraft();
    expect(draft.config).toEqual(NEW);
    expect(draft.datasetId).toBeNull();
  });
});

describe('what is said of settings', () => {
  const error = { code: 'config-invalid', message: 'As the host says it.', hint: '' } as const;

  it('names the limits and what must fit together, else as the host does', () => {
    const long = withSetting(STANDARD, 'schedule.warmupEpochs', 30);
    expect(problemText('schedule.warmupEpochs', error, long, SMALLEST_VIT)).toBe(
      'Must be at most the length of the run, 20 epochs.',
    );
    const odd = withSetting(STANDARD, 'imageSize', 30);
    expect(problemText('imageSize', error, odd, SMALLEST_VIT)).toBe(
      'Must be a multiple of the patch size, 8, for example 32.',
    );
    expect(problemText('imageSize', error, odd, SMALLEST_SWIN)).toBe(
      'Must be a multiple of 4 and at least 12, for example 32.',
    );
    const dropped = withSetting(STANDARD, 'patchDrop', 0.5);
    expect(problemText('patchDrop', error, dropped, SMALLEST_SWIN)).toMatch(/^Must be 0: /);
    const none = withSetting(STANDARD, 'karst.factor', 0);
    expect(problemText('karst.factor', error, none, SMALLEST_VIT)).toBe(
      'Must be between 1 and 4,096, or -1.',
    );
    const high = withSetting(STANDARD, 'karst.rank', 2000);
    expect(problemText('karst.rank', error, high, SMALLEST_VIT)).toBe(
      'Must be between 1 and 1,024, or 0.',
    );
    expect(problemText('karst.rank', error, STANDARD, SMALLEST_VIT)).toBe('As the host says it.');
  });

  it('warns of what is allowed and hardly meant', () => {
    expect(adviceOn(TRAINING_DEFAULTS, [], RATES.full)).toEqual([]);
    const full = completeConfig({ method: 'full', optimizer: { learningRate: 3 * RATES.full } });
    expect(
      adviceOn(completeConfig({ method: 'full', ...METHOD_DEFAULTS.full }), [], RATES.full),
    ).toEqual([]);
    expect(adviceOn(full, [], RATES.full)).toHaveLength(1);
    expect(
      adviceOn(
        completeConfig({ method: 'full', optimizer: { learningRate: 5e-5 } }),
        [],
        RATES.full,
      ),
    ).toEqual([]);
    expect(adviceOn({ ...full, initialize: 'random' }, [], RATES.full)).toEqual([]);
    const warned = adviceOn(
      TRAINING_DEFAULTS,
      [
        { setting: 'batchSize', severity: 'warning', error },
        { setting: 'seed', severity: 'warning', error },
      ],
      RATES.full,
    );
    expect(warned).toHaveLength(2);
    expect(warned[1]).toBe('As the host says it.');
  });
});
