import type { Architecture } from '../../../../shared/models/registry.ts';

/** What a kind of network has or lacks, as far as the names of its tensors tell. */
export type Trait =
  'classToken' | 'distillationToken' | 'registers' | 'positions' | 'preNorm' | 'layerScale' | 'eva';
export type Traits = Readonly<Partial<Record<Trait, boolean>>>;

/** The kind of network that a configuration is of, by its name. */
export interface DescribedNetwork {
  /** As the configuration names it: `"model_type" "clip"`. */
  readonly called: string;
  readonly family: Architecture['family'];
  readonly traits: Traits;
}

/** What is there in the weights: their family and the traits of a vision transformer. */
export interface PresentNetwork {
  readonly family: Architecture['family'];
  readonly has: (trait: Trait) => boolean;
}

const FAMILIES: Readonly<Record<Architecture['family'], string>> = {
  vit: 'a plain vision transformer',
  swin: 'a Swin transformer',
};
const WORDS: Readonly<Record<Trait, string>> = {
  classToken: 'a class token',
  distillationToken: 'a distillation token',
  registers: 'register tokens',
  positions: 'position embeddings',
  preNorm: 'a norm before the first block',
  layerScale: 'LayerScale',
  eva: "the tensors of timm's Eva",
};

/** Why a configuration is of another kind of network than the weights; null where it is of theirs. */
export function otherKind(
  { called, family, traits }: DescribedNetwork,
  present: PresentNetwork,
): string | null {
  if (family !== present.family)
    return `${called} is ${FAMILIES[family]}, and the weights are of ${FAMILIES[present.family]}`;
  for (const [trait, wanted] of Object.entries(traits) as [Trait, boolean][])
    if (family === 'vit' && present.has(trait) !== wanted)
      return `${called} has ${wanted ? '' : 'no '}${WORDS[trait].replace(wanted ? '' : /^an? /, '')}, and the weights ${wanted ? 'have none' : 'do'}`;
  return null;
}
