import type { VitArchitecture } from '../../../shared/domain/architecture.ts';
import { formatCount } from '../../domain/format.ts';
import { t } from '../../i18n.ts';

/** What a backbone is, in one line. */
export function inWords(architecture: VitArchitecture): string {
  return t('backbones.words', {
    depth: formatCount(architecture.depth),
    width: formatCount(architecture.width),
    heads: formatCount(architecture.heads),
    patch: formatCount(architecture.patchSize),
  });
}
