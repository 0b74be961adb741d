import { describe, expect, it } from 'vitest';
import type { Method } from '../../../shared/methods/registry.ts';
import { trainedParameters } from '../../../shared/methods/trained.ts';
import { configured } from '../../fixtures/engine/test-bed.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

const VIT_B_16: VitArchitecture = {
  ...{ family: 'vit', imageSize: 224, patchSize: 16, width: 768, depth: 12, heads: 12 },
  ...{ mlpDim: 3072, qkvBias: true, classes: 0, layerNormEpsilon: 1e-6 },
};

/** The closed forms of the published methods on ViT-B/16, without the head. */
describe.each<[method: Method, settings: SomeSettings, count: number]>([
  ['bitfit', {}, 102_912],
  ['lntune', {}, 38_400],
  ['difffit', {}, 140_544],
  ['ssf', {}, 205_824],
  ['fact', { fact: { rank: 16 } }, 1536 * 16 + 144 * 16 ** 2],
  ['repadapter', {}, 239_808],
  ['vpt', { vpt: { prompts: 50 } }, 12 * 50 * 768],
  ['adaptformer', {}, 12 * (1537 * 64 + 768)],
  ['lora', { lora: { rank: 4, targetModules: ['attn.qkv'] } }, 36_864 * 4],
])('%s on ViT-B/16', (method, settings, count) => {
  it(`trains ${count.toLocaleString('en')} parameters`, () => {
    const { tuning } = configured({ ...settings, method });
    expect(trainedParameters(VIT_B_16, tuning, 10).adapter).toBe(count);
  });
});
