import type { KarstOptions } from '../methods/karst.ts';
import type { Method } from '../methods/registry.ts';
import type { Architecture } from '../models/registry.ts';
import type { AugmentationOptions, OptimizerOptions, ScheduleOptions } from './fields.ts';

/** What each method brings with it; every other default is that of its field. */
export interface MethodDefaults {
  readonly optimizer: Pick<OptimizerOptions, 'learningRate'>;
  readonly schedule: Pick<ScheduleOptions, 'epochs' | 'warmupEpochs'>;
  /** Flips are left out where the names of the classes speak against them. */
  readonly augmentation: Pick<AugmentationOptions, 'cropScaleMin' | 'flip'>;
}

export const METHOD_DEFAULTS: Readonly<Record<Method, MethodDefaults>> = {
  karst: defaults(2e-3, { cropScaleMin: 0.6, flip: true }),
  lora: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  dora: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  lokr: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  fact: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  repadapter: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  ssf: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  difffit: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  bitfit: defaults(3e-3, { cropScaleMin: 0.6, flip: false }),
  lntune: defaults(3e-3, { cropScaleMin: 0.6, flip: false }),
  vpt: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  adaptformer: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  linear: defaults(1e-3, { cropScaleMin: 1, flip: false }),
  full: defaults(1e-4, { cropScaleMin: 0.6, flip: false }),
};

function defaults(
  learningRate: number,
  augmentation: MethodDefaults['augmentation'],
  schedule: MethodDefaults['schedule'] = { epochs: 20, warmupEpochs: 1 },
): MethodDefaults {
  return { optimizer: { learningRate }, schedule, augmentation };
}

/** What of a backbone defaults depend on. */
export interface BackboneTraits {
  /** Side of its own input in pixels. */
  readonly imageSize: number;
  readonly family: Architecture['family'];
  /** Whether LayerScale multiplies the output of each branch. */
  readonly layerScale: boolean;
}

export function traitsOf(architecture: Architecture): BackboneTraits {
  const { imageSize, family } = architecture;
  return { imageSize, family, layerScale: 'layerScale' in architecture };
}

/** Inputs of so few pixels a side: the starter's, and what is small like it. */
export const SMALL_INPUT = 64;

/** What a kind of backbone brings with it, before what the method does. */
export interface BackboneDefaults {
  /** English for the command line's help, after "on backbones". */
  readonly kind: string;
  readonly fits: (traits: BackboneTraits) => boolean;
  readonly learningRate?: Readonly<Partial<Record<Method, number>>>;
  readonly options?: { readonly karst: Partial<KarstOptions> };
}

/** Of several that fit, the first that names a setting counts. How they were chosen: docs/defaults.md. */
export const BACKBONE_DEFAULTS: readonly BackboneDefaults[] = [
  {
    // They know little of photographs and have to be moved further; at these rates a large backbone
    // forgets what it knows.
    kind: `of at most ${SMALL_INPUT} pixels`,
    fits: ({ imageSize }) => imageSize <= SMALL_INPUT,
    learningRate: {
      ...{ karst: 0.01, lora: 0.01, dora: 0.01, lokr: 0.01, fact: 0.01, repadapter: 0.01 },
      ...{ ssf: 0.01, difffit: 0.01, bitfit: 0.03, lntune: 0.03, vpt: 0.01, adaptformer: 0.01 },
      ...{ linear: 0.03, full: 1e-3 },
    },
    options: { karst: { alpha: 32 } },
  },
  {
    kind: 'with LayerScale',
    fits: ({ layerScale }) => layerScale,
    learningRate: { karst: 4e-3, lora: 3e-3, dora: 3e-3, linear: 1e-2, full: 1e-4 },
    options: { karst: { factor: 4 } },
  },
  {
    // A rank by the width of each stage.
    kind: 'of the Swin family',
    fits: ({ family }) => family === 'swin',
    options: { karst: { rank: 0 } },
  },
];
