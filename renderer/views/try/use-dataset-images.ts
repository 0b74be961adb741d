import { computed, type ComputedRef } from 'vue';
import type { ImageFilter } from '../../../shared/contract/window/datasets.ts';
import { classNameOf } from '../../../shared/domain/dataset-classes.ts';
import type { Adapter, Dataset } from '../../../shared/domain/library.ts';
import { useBridge } from '../../bridge/index.ts';
import { shownState } from '../../domain/dataset-classes.ts';
import type { NamedSource } from '../../domain/tried-image.ts';
import { useDatasets } from '../../stores/datasets.ts';
import { useRuns } from '../../stores/runs.ts';

/** Images drawn at a time. */
const DRAWN = 6;

/** Images of the dataset that an adapter was trained on, drawn at random. */
export function useDatasetImages(adapter: () => Adapter | null): {
  /** null when its run or dataset is not in the library. */
  readonly dataset: ComputedRef<Dataset | null>;
  /** Of the test split where there is one, else of validation, which training has not seen either. */
  readonly draw: (dataset: Dataset) => Promise<NamedSource[]>;
} {
  const bridge = useBridge();
  const datasets = useDatasets();
  const runs = useRuns();
  void datasets.ensure();

  const dataset = computed(() => {
    const runId = adapter()?.runId;
    const datasetId = (runId ? runs.byId.get(runId)?.datasetId : null) ?? null;
    return datasetId === null ? null : (datasets.byId.get(datasetId) ?? null);
  });

  async function draw(drawn: Dataset): Promise<NamedSource[]> {
    const { id, counts } = drawn;
    const split = (['test', 'val', 'train'] as const).find((name) => counts[name] > 0);
    const filter: ImageFilter = { ...(split === undefined ? {} : { split }), state: 'ok' };
    const imageAt = (offset: number) =>
      bridge.call('datasets.images', { id, filter, offset, limit: 1 });
    const { total } = await imageAt(0);
    const places = new Set<number>();
    while (places.size < Math.min(DRAWN, total)) places.add(Math.floor(Math.random() * total));
    const pages = await Promise.all([...places].map((place) => imageAt(place)));
    return pages.flatMap(({ images }) =>
      images
        .filter((image) => shownState(drawn, image) === 'ok')
        .map(({ file, media, label }) => ({
          name: file,
          source: { kind: 'dataset', media, truth: classNameOf(drawn, label) },
        })),
    );
  }

  return { dataset, draw };
}
