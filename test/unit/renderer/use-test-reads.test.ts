// @vitest-environment happy-dom
import { effectScope, ref } from 'vue';
import { afterEach, expect, it } from 'vitest';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { useTestReads } from '../../../renderer/composables/use-test-reads.ts';
import { FakeBridge } from './fake-bridge.ts';

const scope = effectScope();
afterEach(() => {
  scope.stop();
});

it('counts the evaluations on the test images of the dataset, and nothing without one', async () => {
  const counts = new Map([
    ['d test', 2],
    ['d val', 7],
    ['e test', 1],
  ]);
  const bridge = new FakeBridge({
    'evaluations.count': ({ datasetId, split }) => counts.get(`${datasetId} ${split}`) ?? 0,
  });
  setBridge(bridge);
  const dataset = ref<string | null>(null);
  const reads = scope.run(() => useTestReads(() => dataset.value));
  expect(reads?.value).toBeNull();
  expect(bridge.calls).toEqual([]);
  dataset.value = 'd';
  await expect.poll(() => reads?.value).toBe(2);
  dataset.value = 'e';
  await expect.poll(() => reads?.value).toBe(1);
  dataset.value = null;
  await expect.poll(() => reads?.value).toBeNull();
});
