import { describe, expect, it } from 'vitest';
import {
  adapterConfigFromJson,
  adapterConfigToJson,
  type AdapterConfig,
} from '../../../main/formats/adapter-config.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { METHOD_NAMES } from '../../../shared/methods/registry.ts';
import { completeConfig } from '../../../shared/training/config.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';

/** A config from an earlier version, which had a single task and another name for the MLP width. */
const FORMER = {
  peft_type: 'KARST',
  format_version: 1,
  method: 'karst',
  base_model_name_or_path: 'vit',
  base_model_sha256: 'a'.repeat(64),
  architecture: {
    family: 'vit',
    image_size: 16,
    patch_size: 8,
    width: 16,
    depth: 2,
    heads: 2,
    hidden: 32,
    qkv_bias: true,
    classes: 0,
    layer_norm_epsilon: 1e-6,
  },
  r: 2,
  num_kernels: 3,
  factor: 4,
  alpha: 5,
  init: 'gaussian',
  rescale: 'scalar',
  rank_dropout: 0,
  target_modules: ['attn.qkv'],
  modules_to_save: ['head'],
  training: {
    run_id: 'run-1',
    run_name: 'first',
    finished_at: '2026-01-01T00:00:00.000Z',
    seed: 1,
    epochs: 2,
    best_epoch: 1,
    steps: 3,
    seconds: 4.5,
    batch_size: 6,
    learning_rate: 0.1,
    weight_decay: 0.2,
    train_images: 7,
    val_images: 0,
    val_top1: null,
    val_loss: null,
  },
};

const CONFIG: AdapterConfig = {
  method: 'karst',
  options: {
    rank: 2,
    kernels: 3,
    factor: 4,
    alpha: 5,
    init: 'gaussian',
    rescale: 'scalar',
    rankDropout: 0,
    targetModules: ['attn.qkv'],
  },
  task: 'single-label',
  backboneName: 'vit',
  backboneSha256: 'a'.repeat(64),
  architecture: SMALLEST_VIT,
  parent: null,
  training: {
    runId: 'run-1',
    runName: 'first',
    finishedAt: '2026-01-01T00:00:00.000Z',
    seed: 1,
    epochs: 2,
    bestEpoch: 1,
    steps: 3,
    seconds: 4.5,
    batchSize: 6,
    learningRate: 0.1,
    weightDecay: 0.2,
    trainImages: 7,
    valImages: 0,
    valTop1: null,
    valLoss: null,
  },
};

function refusal(json: object): KarstError {
  try {
    adapterConfigFromJson(json, '/a/file');
  } catch (error) {
    if (error instanceof KarstError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('adapter_config.json', () => {
  it('of an earlier version says what it said', () => {
    expect(adapterConfigFromJson(FORMER, '/a/file')).toEqual(CONFIG);
  });

  it('has the keys that earlier versions read, in their order', () => {
    const { hidden, ...architecture } = FORMER.architecture;
    const written = adapterConfigToJson(CONFIG);
    expect(written).toEqual({ ...FORMER, architecture: { ...architecture, mlp_dim: hidden } });
    expect(Object.keys(written)).toEqual(Object.keys(FORMER));
  });

  it.each(METHOD_NAMES)('comes back from its file with the method %s', (method) => {
    const config = { ...CONFIG, ...completeConfig({ method }).tuning, training: null };
    const json = JSON.parse(JSON.stringify(adapterConfigToJson(config))) as unknown;
    expect(adapterConfigFromJson(json, '/a/file')).toEqual(config);
  });

  it.each<[object, string]>([
    [{ ...FORMER, rr: 1 }, '"rr"'],
    [{ ...FORMER, r: -1 }, '"r" must be a whole number from 1 to 1,024'],
    [{ ...FORMER, training: { ...FORMER.training, stepz: 3 } }, '"training.stepz"'],
    [
      { ...FORMER, architecture: { ...FORMER.architecture, width: 'wide' } },
      '"architecture.width"',
    ],
    [
      { ...FORMER, task: 'dreams' },
      'a task that this version of KARST Studio does not know, "dreams"',
    ],
  ])('is refused where a key is wrong, which is named: %#', (json, part) => {
    const error = refusal(json);
    expect(error.code).toBe('format-unsupported');
    expect(error.message).toContain(part);
  });
});
