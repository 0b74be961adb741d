/** What the weights of a network do not tell, and how many or which there may be. */
export const ACTIVATIONS = ['gelu', 'gelu-tanh', 'quick-gelu', 'silu'] as const;
export const POOLS = [
  'class',
  'mean',
  'attention',
  'class-and-distillation',
  'class-and-mean',
] as const;
export const ROPES = ['none', 'dinov3', 'eva', 'pe'] as const;
/** The options of `karst backbone add` that say them. */
export const SAID_OPTIONS = {
  heads: '--heads',
  activation: '--activation',
  layerNormEpsilon: '--epsilon',
  pool: '--pool',
  poolHeads: '--pool-heads',
  poolPrefix: '--pool-prefix',
  rope: '--rope',
  ropeTheta: '--rope-theta',
  ropeReference: '--rope-reference',
  imageSize: '--image-size',
} as const;
export const SAID_LIMITS = {
  heads: { min: 1, max: 256, whole: true },
  poolHeads: { min: 1, max: 256, whole: true },
  layerNormEpsilon: { min: 1e-12, max: 0.1, whole: false },
  ropeTheta: { min: 1.01, max: 1e9, whole: false },
  ropeReference: { min: 1, max: 1024, whole: true },
  imageSize: { min: 1, max: 4096, whole: true },
} as const;
