// @vitest-environment happy-dom
import { effectScope, ref } from 'vue';
import { afterEach, expect, it } from 'vitest';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { useTestReads } from '../../../renderer/composables/use-test-reads.ts';
import type { StoredEvaluation } from '../../../shared/domain/library.ts';
import { FakeBridge } from './fake-bridge.ts';

const scope = effectScope();
afterEach(() => {
  scope.stop();
});

function stored(datasetId: string, split: StoredEvaluation['split']): StoredEvaluation {
  return {
    ...{ id: `${datasetId}-${split}`, adapterId: 'a', datasetId, split, task: 'single-label' },
    evaluation: { n: 1, top1: 1, top5: 1, loss: 0, macroF1: 1, perClass: [], confusion: [] },
    createdAt: '2026-11-30T10:00:00.000Z',
  };
}

it('counts the evaluations of any adapter on the test images of the dataset', async () => {
  const evaluations = [stored('d', 'test'), stored('d', 'val'), stored('e', 'test')];
  setBridge(new FakeBridge({ 'evaluations.list': () => [...evaluations, stored('d', 'test')] }));
  const dataset = ref<string | null>(null);
  const reads = scope.run(() => useTestReads(() => dataset.value));
  expect(reads?.value).toBeNull();
  dataset.value = 'd';
  await expect.poll(() => reads?.value).toBe(2);
  dataset.value = 'e';
  await expect.poll(() => reads?.value).toBe(1);
});
