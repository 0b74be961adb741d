import type { GalleryImage } from '../../shared/contract/window/datasets.ts';
import type { Input } from '../../shared/contract/window/procedures.ts';

export type ImageChange = Input<'datasets.changeImages'>['change'];

export interface Reversal {
  readonly positions: number[];
  readonly change: ImageChange;
}

/** The calls that undo a change of images: one per previous value. */
export function reversalsOf(images: readonly GalleryImage[], change: ImageChange): Reversal[] {
  const groups = new Map<string, Reversal>();
  for (const image of images) {
    const before: ImageChange = {
      ...(change.label === undefined ? {} : { label: image.label }),
      ...(change.split === undefined ? {} : { split: image.split }),
      ...(change.excluded === undefined ? {} : { excluded: image.excluded }),
    };
    const key = JSON.stringify(before);
    const group = groups.get(key) ?? { positions: [], change: before };
    group.positions.push(image.position);
    groups.set(key, group);
  }
  return [...groups.values()];
}
