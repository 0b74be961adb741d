import { factLabel } from '../../../shared/models/family.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import {
  patchesAlong,
  prefixOf,
  type VitArchitecture,
} from '../../../shared/models/vit-architecture.ts';
import type { Said } from '../../../shared/domain/said.ts';
import { SAID_OPTIONS } from '../../../shared/domain/said-words.ts';
import type { Recognised } from './family.ts';

/**
 * An option that changes nothing in the network, as command line and window call it, and why; null
 * where all of them have a use.
 */
export function uselessOption(
  said: Said,
  { architecture, assumed }: Pick<Recognised<Architecture>, 'architecture' | 'assumed'>,
): { readonly option: string; readonly label: string; readonly why: string } | null {
  for (const what of Object.keys(said) as (keyof Said)[]) {
    const used = assumed.some((one) => one.what === what && one.from === 'option');
    if (!used)
      return {
        option: SAID_OPTIONS[what],
        label: factLabel(what),
        why: whyNot(what, architecture),
      };
  }
  return null;
}

function whyNot(what: keyof Said, a: Architecture): string {
  return a.family === 'swin' ? whyNotOfSwin(what) : whyNotOfVit(what, a);
}

function whyNotOfSwin(what: keyof Said): string {
  if (what === 'heads') return 'the bias tables of a Swin transformer tell its heads';
  if (what === 'activation') return 'a Swin transformer here has exact GELU';
  return what.startsWith('rope')
    ? 'a Swin transformer has no rotary positions'
    : 'the features of a Swin transformer are the mean of its patches';
}

function whyNotOfVit(what: keyof Said, a: VitArchitecture): string {
  if (what === 'imageSize') {
    const [patches, filled] = [patchesAlong(a), patchesAlong(a) * a.patchSize];
    return `its position embeddings are for ${patches} × ${patches} patches, images of ${filled} to ${filled + a.patchSize - 1} pixels`;
  }
  if (what.startsWith('rope'))
    return a.rope === undefined
      ? 'the network has no rotary positions'
      : `rotary positions of the kind ${a.rope} have no reference grid`;
  const { pool = 'class' } = a;
  return pool === 'mean' && prefixOf(a) === 0
    ? 'there are no tokens before its patches'
    : `its features come from another pool (${pool})`;
}
