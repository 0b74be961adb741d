import { onScopeDispose, ref, shallowRef, triggerRef, watch, type Ref, type ShallowRef } from 'vue';
import type { GalleryImage, ImageFilter } from '../../../shared/contract/studio/datasets.ts';
import { toErrorReport, type ErrorReport } from '../../../shared/domain/errors.ts';
import { useBridge } from '../../bridge/index.ts';
import { PageCache } from './page-cache.ts';

export const PAGE = 200;

export interface Gallery {
  /** Images that the filter leaves; null before the first answer. */
  readonly total: Readonly<Ref<number | null>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** The image at a place of the filtered list; null while its page is on the way. */
  imageAt(index: number): GalleryImage | null;
  /** Asks for the pages that hold these places, unless they are there. */
  ensure(first: number, last: number): Promise<void>;
  /** Forgets all pages and asks again for those that are shown. */
  reload(): Promise<void>;
}

/**
 * The images of a dataset that a filter leaves, fetched page by page as they come into sight: a gallery of 50,000
 * holds no more than what was looked at.
 */
export function useGallery(datasetId: () => string, filter: () => ImageFilter): Gallery {
  const bridge = useBridge();
  const total = ref<number | null>(null);
  const error = shallowRef<ErrorReport | null>(null);
  const cache = shallowRef(new PageCache<GalleryImage>(PAGE));
  let shown: readonly [number, number] = [0, PAGE - 1];

  async function load(page: number): Promise<void> {
    const asked = cache.value;
    try {
      const answer = await bridge.call('datasets.images', {
        id: datasetId(),
        filter: filter(),
        offset: page * PAGE,
        limit: PAGE,
      });
      // The filter has changed meanwhile: another cache is in use.
      if (asked !== cache.value) return;
      asked.put(page, answer.images);
      total.value = answer.total;
      error.value = null;
      triggerRef(cache);
    } catch (thrown) {
      asked.failed(page);
      if (asked === cache.value) error.value = toErrorReport(thrown);
    }
  }

  async function ensure(first: number, last: number): Promise<void> {
    shown = [first, last];
    await Promise.all(cache.value.missing(first, last).map(load));
  }

  async function reload(): Promise<void> {
    cache.value = new PageCache<GalleryImage>(PAGE);
    await ensure(...shown);
  }

  watch([datasetId, filter], () => {
    shown = [0, PAGE - 1];
    total.value = null;
    void reload();
  });
  onScopeDispose(bridge.onReconnected(() => void reload()));
  void reload();

  return { total, error, imageAt: (index) => cache.value.at(index), ensure, reload };
}
