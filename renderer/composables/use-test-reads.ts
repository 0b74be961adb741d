import { computed, type ComputedRef } from 'vue';
import { useBridge } from '../bridge/index.ts';
import { useLoad } from './use-load.ts';

/** Number of evaluations so far, of any adapter, on the test images of a dataset; null until it is known. */
export function useTestReads(datasetId: () => string | null): ComputedRef<number | null> {
  const bridge = useBridge();
  const { data } = useLoad(() => bridge.call('evaluations.list', { adapterId: null }), datasetId);
  return computed(() => {
    const id = datasetId();
    if (id === null || data.value === null) return null;
    return data.value.filter((one) => one.datasetId === id && one.split === 'test').length;
  });
}
