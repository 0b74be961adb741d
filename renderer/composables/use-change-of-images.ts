import type { GalleryImage } from '../../shared/contract/window/datasets.ts';
import { useBridge } from '../bridge/index.ts';
import { t } from '../i18n.ts';
import { useUndo } from '../stores/undo.ts';
import { reversalsOf, type ImageChange } from '../domain/image-change.ts';

/**
 * Relabels, moves or excludes images of a dataset, and offers to undo it; `undone` is called after
 * that.
 */
export function useChangeOfImages(): (
  datasetId: string,
  images: readonly GalleryImage[],
  change: ImageChange,
  undone?: () => Promise<unknown>,
) => Promise<void> {
  const bridge = useBridge();
  const undo = useUndo();
  return async (id, images, change, undone) => {
    const reversals = reversalsOf(images, change);
    const { changed } = await bridge.call('datasets.changeImages', {
      id,
      images: images.map(({ position }) => position),
      change,
    });
    undo.offer(t('data.selection.done', { count: changed }), async () => {
      for (const { positions, change: back } of reversals) {
        await bridge.call('datasets.changeImages', { id, images: positions, change: back });
      }
      await undone?.();
    });
  };
}
