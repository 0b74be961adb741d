import { onScopeDispose, ref, shallowRef, triggerRef, watch, type Ref, type ShallowRef } from 'vue';
import type { GalleryImage, ImageFilter } from '../../../shared/contract/window/datasets.ts';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { useBridge } from '../../bridge/index.ts';
import { PageCache } from './page-cache.ts';

export const PAGE = 200;

/** Pages in sight that are asked for at once. Those that were only passed by are not asked for. */
const AT_ONCE = 2;

export interface Gallery {
  /** Images that the filter leaves; null before the first answer. */
  readonly total: Readonly<Ref<number | null>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** The image at a place of the filtered list; null while its page is on the way. */
  imageAt(index: number): GalleryImage | null;
  /** Asks for the pages that hold these places, unless they are there. */
  ensure(first: number, last: number): Promise<void>;
  /** The same for places that are in sight: they are asked for first when something has changed. */
  show(first: number, last: number): Promise<void>;
  /** Asks anew for what is in sight; what was there stays until the answer has come. */
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
  /** The cache that is being filled: the one in use, or the next. */
  let newest = cache.value;
  let shown: readonly [number, number] = [0, 0];

  let going = 0;

  /** Says whether the page came. */
  async function load(page: number, into: PageCache<GalleryImage>): Promise<boolean> {
    try {
      const answer = await bridge.call('datasets.images', {
        id: datasetId(),
        filter: filter(),
        offset: page * PAGE,
        limit: PAGE,
      });
      // What is shown has changed meanwhile: another cache takes its place.
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
    // What is in sight by then decides which page is next.
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
