import type { GalleryImage } from '../../shared/contract/window/datasets.ts';
import { classWithLabel } from '../../shared/domain/dataset-classes.ts';
import type { Dataset, ImageState } from '../../shared/domain/library.ts';
import { t } from '../i18n.ts';

/** The classes of a dataset to choose from, by their labels; one that is left out says so. */
export function classChoices({
  classes,
}: Pick<Dataset, 'classes'>): { readonly value: number; readonly label: string }[] {
  return classes.map(({ index, name, leftOut }) => ({
    value: index,
    label: leftOut ? t('data.classes.leftOutName', { name }) : name,
  }));
}

/** An image's state as it is shown: excluded itself or with its class, whatever its file. */
export function shownState(
  dataset: Pick<Dataset, 'classes'>,
  { excluded, label, state }: Pick<GalleryImage, 'excluded' | 'label' | 'state'>,
): ImageState | 'excluded' {
  return excluded || classWithLabel(dataset, label)?.leftOut === true ? 'excluded' : state;
}
