import { onScopeDispose, type ShallowRef } from 'vue';
import { useBridge } from '../bridge/index.ts';
import { useLoad } from './use-load.ts';

/** Number of evaluations so far, of any adapter, on the test images of a dataset; null until known. */
export function useTestReads(datasetId: () => string | null): Readonly<ShallowRef<number | null>> {
  const bridge = useBridge();
  const { data, reload } = useLoad(async () => {
    const id = datasetId();
    return id === null ? null : bridge.call('evaluations.count', { datasetId: id, split: 'test' });
  }, datasetId);
  onScopeDispose(
    bridge.on('library', ({ part }) => {
      if (part === 'evaluations') void reload();
    }),
  );
  return data;
}
