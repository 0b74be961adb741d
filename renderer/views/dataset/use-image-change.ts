import type { Ref } from 'vue';
import type { GalleryImage } from '../../../shared/contract/window/datasets.ts';
import { useAction } from '../../composables/use-action.ts';
import { useChangeOfImages } from '../../composables/use-change-of-images.ts';
import type { Selection } from './selection.ts';
import type { ImageChange } from '../../domain/image-change.ts';
import { PAGE, type Gallery } from './use-gallery.ts';

export interface ImageChanging {
  readonly change: (
    selection: Selection,
    change: ImageChange,
    undone?: () => Promise<unknown>,
  ) => Promise<unknown>;
  readonly busy: Readonly<Ref<boolean>>;
}

/** Relabels, moves or excludes the selection, and offers to undo it. */
export function useImageChange(datasetId: () => string, gallery: Gallery): ImageChanging {
  const changeImages = useChangeOfImages();

  async function imagesOf({ chosen }: Selection): Promise<GalleryImage[]> {
    const pages = new Set([...chosen].map((index) => Math.floor(index / PAGE)));
    // Sequentially: a selection of everything must not send hundreds of requests concurrently.
    for (const page of pages) await gallery.ensure(page * PAGE, page * PAGE);
    return [...chosen]
      .map((index) => gallery.imageAt(index))
      .filter((image): image is GalleryImage => image !== null);
  }

  const { run, busy } = useAction(
    async (selection: Selection, change: ImageChange, undone?: () => Promise<unknown>) =>
      changeImages(datasetId(), await imagesOf(selection), change, undone),
  );

  return { change: run, busy };
}
