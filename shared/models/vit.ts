import type { ArchitectureFact, FactName, FamilySpec } from './family.ts';
import { patchesAlong, prefixOf, vitFields, type VitArchitecture } from './vit-architecture.ts';
import { vitFeatures, vitLinears, vitTensors } from './vit-tensors.ts';

export type { VitArchitecture } from './vit-architecture.ts';

/** Where no position embeddings tell the grid, patches fill the image. */
const leavesRest = (a: VitArchitecture): boolean =>
  a.positions === 'none' && a.imageSize % a.patchSize !== 0;

/** What contradicts each other in an architecture whose fields are within their limits. */
const CONTRADICTIONS: readonly (readonly [
  holds: (a: VitArchitecture) => boolean,
  phrase: (a: VitArchitecture) => string,
])[] = [
  [
    (a) => a.width % a.heads !== 0 || a.imageSize < a.patchSize || leavesRest(a),
    (a) =>
      `width ${String(a.width)} by ${String(a.heads)} heads, ${String(a.imageSize)} pixels by patches of ${String(a.patchSize)}`,
  ],
  [
    (a) => a.rope !== undefined && a.width % (4 * a.heads) !== 0,
    (a) => `rotary positions in heads of ${String(a.width / a.heads)}, which is no multiple of 4`,
  ],
  [
    (a) => a.rope === undefined && (a.ropeTheta ?? a.ropeReference) !== undefined,
    () => 'values for rotary positions that it does not have',
  ],
  [
    (a) => a.rope === 'dinov3' && a.ropeReference !== undefined,
    () => "a reference grid for DINOv3's rotary positions, which have none",
  ],
  [
    (a) => a.positions === 'none' && a.patchPositions === true,
    () => 'position embeddings of patches only, and none',
  ],
  [
    (a) => a.classToken === false && a.distillationToken === true,
    () => 'a distillation token without a class token',
  ],
  [
    (a) => a.classToken === false && a.pool !== 'mean' && a.pool !== 'attention',
    () => 'features from a class token that it does not have',
  ],
  [
    (a) => a.pool === 'class-and-distillation' && !a.distillationToken,
    () => 'features from a distillation token that it does not have',
  ],
  [
    (a) => a.pool !== 'attention' && (a.poolHeads ?? a.poolMlpDim) !== undefined,
    () => 'values for an attention pool that it does not have',
  ],
  [
    (a) => a.pool === 'attention' && a.width % (a.poolHeads ?? a.heads) !== 0,
    (a) => `width ${String(a.width)} by ${String(a.poolHeads)} heads of the attention pool`,
  ],
  [
    (a) => a.poolPrefix === true && a.pool !== 'mean' && a.pool !== 'attention',
    () => 'a pool of all tokens, and none',
  ],
  [
    (a) => a.pooledNorm === true && vitFeatures(a) !== a.width,
    () => 'one norm after the pool for two joined features',
  ],
  [
    (a) => a.pooledNorm === true && a.lastNorm === false,
    () => 'a last norm after the pool, and none',
  ],
];

/** Fields that are displayed where they are not at their default. */
const OPTIONAL = [
  'layerScale',
  'classToken',
  'distillationToken',
  'registers',
  'positions',
  'patchPositions',
  'rope',
  'ropeTheta',
  'ropeReference',
  'preNorm',
  'patchBias',
  'qkNorm',
  'attentionNorm',
  'mlp',
  'mlpNorm',
  'activation',
  'pool',
  'poolHeads',
  'poolMlpDim',
  'poolPrefix',
  'pooledNorm',
  'lastNorm',
] as const satisfies readonly (FactName & keyof VitArchitecture)[];

export const vit: FamilySpec<VitArchitecture> = {
  family: 'vit',
  title: 'vision transformer',
  fields: vitFields,
  formerNames: { hidden: 'mlpDim' },

  contradiction: (a) => CONTRADICTIONS.find(([holds]) => holds(a))?.[1](a) ?? null,

  tensors: vitTensors,
  linears: vitLinears,
  blocks: ({ depth }) => depth,
  tokens: (a) => ({ prefix: prefixOf(a), grid: [patchesAlong(a), patchesAlong(a)] }),
  rows: (a) => prefixOf(a) + patchesAlong(a) ** 2,
  takesAnyPatches: true,
  width: vitFeatures,
  patch: ({ patchSize }) => patchSize,
  sizeStep: ({ patchSize }) => patchSize,
  leastSize: ({ patchSize }) => patchSize,

  facts: (a) => [
    { name: 'width', value: a.width },
    { name: 'depth', value: a.depth },
    { name: 'heads', value: a.heads },
    { name: 'mlpDim', value: a.mlpDim },
    { name: 'qkvBias', value: a.qkvBias },
    ...OPTIONAL.flatMap((name): ArchitectureFact[] => {
      const value = a[name];
      return value === undefined ? [] : [{ name, value }];
    }),
  ],
};
