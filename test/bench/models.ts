/** A model of a comparison, with random weights. */
export interface BenchModel {
  /** As tables call it. */
  readonly model: string;
  /** timm's name of the architecture. */
  readonly timm: string;
  /** Attention heads; 0 where the configuration beside the weights says them. */
  readonly heads: number;
  readonly batch: number;
  /** Side of the images in pixels. */
  readonly size: number;
}

export interface Comparison extends BenchModel {
  readonly forms: readonly string[];
  /** Undisturbed turns against each peer. */
  readonly turns: number;
}

/** By the names of `--models`. */
export const BENCH_MODELS = {
  tiny: { model: 'ViT-Tiny/16', timm: 'vit_tiny_patch16_224', heads: 3, batch: 16, size: 224 },
  base: { model: 'ViT-Base/16', timm: 'vit_base_patch16_224', heads: 12, batch: 8, size: 224 },
  'dinov2-112': {
    ...{ model: 'DINOv2-small’s shape, 112 pixels', timm: 'vit_small_patch14_dinov2' },
    ...{ heads: 6, batch: 16, size: 112 },
  },
  'dinov2-224': {
    ...{ model: 'DINOv2-small’s shape, 224 pixels', timm: 'vit_small_patch14_dinov2' },
    ...{ heads: 6, batch: 16, size: 224 },
  },
  swin: {
    ...{ model: 'Swin-Tiny', timm: 'swin_tiny_patch4_window7_224' },
    ...{ heads: 0, batch: 8, size: 224 },
  },
} as const satisfies Readonly<Record<string, BenchModel>>;

export type ModelName = keyof typeof BENCH_MODELS;
export const MODEL_NAMES = Object.keys(BENCH_MODELS) as ModelName[];

/** KARST as published, its fastest form, and the other adapters. */
const QUICK_FORMS = ['karst-kron', 'karst-gemm', 'lora', 'lokr'];
const ALL_FORMS = [
  ...QUICK_FORMS,
  ...['karst-hybrid', 'karst-factored', 'karst-compiled', 'probe', 'full'],
];
const MAIN_FORMS = [...QUICK_FORMS, 'karst-hybrid'];

/** Peers' forms and turns of the full run, and of `--quick` where it takes the model. */
const PLANS: Readonly<Record<ModelName, { readonly full: Plan; readonly quick?: Plan }>> = {
  tiny: { full: { forms: ALL_FORMS, turns: 8 }, quick: { forms: QUICK_FORMS, turns: 3 } },
  base: {
    full: { forms: ALL_FORMS, turns: 4 },
    quick: { forms: ['karst-kron', 'karst-hybrid'], turns: 3 },
  },
  'dinov2-112': { full: { forms: MAIN_FORMS, turns: 8 } },
  'dinov2-224': { full: { forms: MAIN_FORMS, turns: 4 } },
  swin: { full: { forms: MAIN_FORMS, turns: 4 } },
};

type Plan = Pick<Comparison, 'forms' | 'turns'>;

/**
 * The comparisons of a run.
 *
 * @param chosen value of `--models`: names separated by commas; all of the run without it
 * @param turns value of `--turns`, instead of each model's own
 * @throws if there is no model of a name
 */
export function comparisonsOf({
  quick,
  chosen,
  turns,
}: {
  readonly quick: boolean;
  readonly chosen: string | undefined;
  readonly turns: number | null;
}): Comparison[] {
  const names = modelNames(chosen) ?? MODEL_NAMES.filter((name) => !quick || PLANS[name].quick);
  return names.map((name) => {
    const { full, quick: short } = PLANS[name];
    const plan = quick ? (short ?? { forms: QUICK_FORMS, turns: 3 }) : full;
    return { ...BENCH_MODELS[name], ...plan, turns: turns ?? plan.turns };
  });
}

/** @throws if there is no model of a name */
export function modelNames(chosen: string | undefined): ModelName[] | null {
  if (chosen === undefined) return null;
  return chosen.split(',').map((word) => {
    const name = MODEL_NAMES.find((known) => known === word);
    if (name === undefined)
      throw new Error(`--models takes ${MODEL_NAMES.join(', ')}, not "${word}"`);
    return name;
  });
}
