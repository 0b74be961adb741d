import type { Ref } from 'vue';
import type { GalleryImage } from '../../../shared/contract/window/datasets.ts';
import { useBridge } from '../../bridge/index.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useUndo } from '../../stores/undo.ts';
import type { Selection } from './selection.ts';
import { reversalsOf, type ImageChange, type Reversal } from './undo.ts';
import { PAGE, type Gallery } from './use-gallery.ts';

export interface ImageChanging {
  readonly change: (selection: Selection, change: ImageChange) => Promise<unknown>;
  readonly busy: Readonly<Ref<boolean>>;
}

/** Relabels, moves or excludes the selection, and offers to undo it. */
export function useImageChange(datasetId: () => string, gallery: Gallery): ImageChanging {
  const bridge = useBridge();
  const undo = useUndo();

  async function imagesOf({ chosen }: Selection): Promise<GalleryImage[]> {
    const pages = new Set([...chosen].map((index) => Math.floor(index / PAGE)));
    // Sequentially: a selection of everything must not send hundreds of requests concurrently.
    for (const page of pages) await gallery.ensure(page * PAGE, page * PAGE);
    return [...chosen]
      .map((index) => gallery.imageAt(index))
      .filter((image): image is GalleryImage => image !== null);
  }

  async function bringBack(id: string, reversals: readonly Reversal[]): Promise<void> {
    for (const { positions, change } of reversals) {
      await bridge.call('datasets.changeImages', { id, images: positions, change });
    }
  }

  const { run, busy } = useAction(async (selection: Selection, change: ImageChange) => {
    const id = datasetId();
    const images = await imagesOf(selection);
    const reversals = reversalsOf(images, change);
    const { changed } = await bridge.call('datasets.changeImages', {
      id,
      images: images.map(({ position }) => position),
      change,
    });
    undo.offer(t('data.selection.done', { count: changed }), () => bringBack(id, reversals));
  });

  return { change: run, busy };
}
