import { onScopeDispose, ref, shallowRef, triggerRef, watch, type Ref, type ShallowRef } from 'vue';
import type { GalleryImage, ImageFilter } from '../../../shared/contract/window/datasets.ts';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { useBridge } from '../../bridge/index.ts';
import { PageCache } from './page-cache.ts';

export const PAGE = 200;

/** Concurrent requests for visible pages. Pages only scrolled past are not requested. */
const AT_ONCE = 2;

export interface Gallery {
  /** Number of matching images; null before the first answer. */
  readonly total: Readonly<Ref<number | null>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** The image at a position of the filtered list; null while its page loads. */
  imageAt(index: number): GalleryImage | null;
  /** Requests the pages with these positions unless loaded. */
  ensure(first: number, last: number): Promise<void>;
  /** The same for visible positions, which are reloaded first after a change. */
  show(first: number, last: number): Promise<void>;
  /** Reloads what is visible; the old content stays until the answer arrives. */
  reload(): Promise<void>;
}

/**
 * The images of a dataset that match a filter, loaded page by page as they become visible: a
 * gallery of 50,000 holds only what was viewed.
 */
export function useGallery(datasetId: () => string, filter: () => ImageFilter): Gallery {
  const bridge = useBridge();
  const total = ref<number | null>(null);
  const error = shallowRef<ErrorReport | null>(null);
  const cache = shallowRef(new PageCache<GalleryImage>(PAGE));
  /** The cache being filled: the current one, or the next. */
  let newest = cache.value;
  let shown: readonly [number, number] = [0, 0];

  let going = 0;

  /** @returns whether the page was loaded */
  async function load(page: number, into: PageCache<GalleryImage>): Promise<boolean> {
    try {
      const answer = await bridge.call('datasets.images', {
        id: datasetId(),
        filter: filter(),
        offset: page * PAGE,
        limit: PAGE,
      });
      // The filter has changed since: another cache is in use.
      if (into !== newest) return false;
      into.put(page, answer.images);
      total.value = answer.total;
      error.value = null;
      cache.value = into;
      triggerRef(cache);
      return true;
    } catch (thrown) {
      into.failed(page);
      if (into === newest) error.value = toErrorReport(thrown);
      return false;
    }
  }

  async function ensure(first: number, last: number): Promise<void> {
    const into = newest;
    await Promise.all(into.missing(first, last).map((page) => load(page, into)));
  }

  async function show(first: number, last: number): Promise<void> {
    shown = [first, last];
    let came = true;
    // The next page depends on what is visible then.
    while (came && going < AT_ONCE) {
      const into = newest;
      const page = into.nextMissing(...shown);
      if (page === null) return;
      going += 1;
      came = await load(page, into);
      going -= 1;
    }
  }

  async function reload(): Promise<void> {
    newest = new PageCache<GalleryImage>(PAGE);
    await ensure(...shown);
  }

  watch([datasetId, filter], () => {
    shown = [0, 0];
    void reload();
  });
  onScopeDispose(bridge.onReconnected(() => void reload()));
  void reload();

  return { total, error, imageAt: (index) => cache.value.at(index), ensure, show, reload };
}
