import type { Ref } from 'vue';
import type { GalleryImage } from '../../../shared/contract/window/datasets.ts';
import { useBridge } from '../../bridge/index.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useToasts } from '../../stores/toasts.ts';
import type { Selection } from './selection.ts';
import { reversalsOf, type ImageChange, type Reversal } from './undo.ts';
import { PAGE, type Gallery } from './use-gallery.ts';

export interface ImageChanging {
  readonly change: (selection: Selection, change: ImageChange) => Promise<unknown>;
  /** Takes back the last change; nothing when there is none. */
  readonly undoLast: () => void;
  readonly busy: Readonly<Ref<boolean>>;
}

/** Relabels, moves or excludes what is selected, and offers to take it back. */
export function useImageChange(datasetId: () => string, gallery: Gallery): ImageChanging {
  const bridge = useBridge();
  const toasts = useToasts();
  let takeBack: (() => void) | null = null;

  async function imagesOf({ chosen }: Selection): Promise<GalleryImage[]> {
    const pages = new Set([...chosen].map((index) => Math.floor(index / PAGE)));
    // One after the other: a selection of everything must not ask hundreds of questions at once.
    for (const page of pages) await gallery.ensure(page * PAGE, page * PAGE);
    return [...chosen]
      .map((index) => gallery.imageAt(index))
      .filter((image): image is GalleryImage => image !== null);
  }

  const { run: undo } = useAction(async (id: string, reversals: readonly Reversal[]) => {
    for (const { positions, change } of reversals) {
      await bridge.call('datasets.changeImages', { id, images: positions, change });
    }
    await gallery.reload();
  });

  const { run, busy } = useAction(async (selection: Selection, change: ImageChange) => {
    const id = datasetId();
    const images = await imagesOf(selection);
    const reversals = reversalsOf(images, change);
    const { changed } = await bridge.call('datasets.changeImages', {
      id,
      images: images.map(({ position }) => position),
      change,
    });
    await gallery.reload();
    // Once, by whichever way.
    const back = (): void => {
      if (takeBack !== back) return;
      takeBack = null;
      void undo(id, reversals);
    };
    takeBack = back;
    toasts.say(t('data.selection.done', { count: changed }), {
      action: { label: t('common.undo'), run: back },
    });
  });

  return { change: run, undoLast: () => takeBack?.(), busy };
}
