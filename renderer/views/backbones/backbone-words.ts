import type { BackbonePreview } from '../../../shared/domain/library.ts';
import { t } from '../../i18n.ts';

/** Message keys of a value's sources: a dot would split the key. */
export const SOURCES = {
  'config.json': 'config',
  'preprocessor_config.json': 'preprocessor',
  'open_clip_config.json': 'openClip',
  metadata: 'metadata',
  option: 'option',
  default: 'default',
} as const;

/** How many names of classes are listed. */
const SHOWN = 4;

/** Format of the files and whose names the tensors have: "safetensors, Hugging Face’s names". */
export function formatText({
  container,
  source,
}: Pick<BackbonePreview, 'container' | 'source'>): string {
  return t(`backbones.container.${container}`, { names: t(`backbones.source.${source}`) });
}

/** Its own head: how many classes, and the first of their names. */
export function classifierText({
  architecture: { classes },
  labels,
}: Pick<BackbonePreview, 'architecture' | 'labels'>): string {
  if (classes === 0) return t('backbones.detail.noClasses');
  const count = t('units.classes', { count: classes });
  if (labels === null) return count;
  return `${count}: ${labels.slice(0, SHOWN).join(', ')}${classes > SHOWN ? ' …' : ''}`;
}
