import * as v from 'valibot';
import type { Said } from '../../../../shared/domain/said.ts';
import { namesByNumber } from './class-names.ts';
import type { DescribedNetwork } from './described.ts';
import { checked, configFault, entryOf, known, maybe } from './json.ts';
import { OTHER_CONFIG, type Check, type ModelConfig } from './model-config.ts';

const schema = v.object({
  model_type: maybe.text,
  vision_config: maybe.object,
  id2label: maybe.object,
});
const networkSchema = v.object({
  hidden_size: maybe.count,
  embed_dim: maybe.count,
  num_hidden_layers: maybe.count,
  num_attention_heads: maybe.count,
  depths: maybe.counts,
  num_heads: maybe.counts,
  intermediate_size: maybe.count,
  mlp_ratio: maybe.real,
  hidden_act: maybe.text,
  layer_norm_eps: maybe.real,
  image_size: maybe.side,
  patch_size: maybe.side,
  num_channels: maybe.count,
  num_register_tokens: maybe.count,
  use_swiglu_ffn: maybe.flag,
  window_size: maybe.side,
  use_absolute_embeddings: maybe.flag,
  rope_theta: maybe.real,
  rope_parameters: v.optional(v.nullable(v.object({ rope_theta: maybe.real }))),
});
type Network = v.InferOutput<typeof networkSchema>;

interface ModelType {
  /** What the library takes where the file is silent: a nested configuration holds differences only. */
  readonly defaults: Said;
  readonly of: Pick<DescribedNetwork, 'family' | 'traits'>;
  readonly checks?: readonly string[];
}
const VIT = { heads: 12, activation: 'gelu' } as const;
const PLAIN = { classToken: true, positions: true, preNorm: false, layerScale: false } as const;
const of = (traits: DescribedNetwork['traits']) => ({ family: 'vit', traits }) as const;
const FIXED = ['hidden_size', 'num_hidden_layers', 'patch_size', 'image_size'];
const FREE = ['hidden_size', 'num_hidden_layers', 'patch_size'];

/** Hugging Face's types of model that are backbones here. */
const TYPES: Readonly<Record<string, ModelType>> = {
  vit: {
    defaults: { ...VIT, layerNormEpsilon: 1e-12 },
    of: of(PLAIN),
    checks: [...FIXED, 'intermediate_size'],
  },
  vit_mae: { defaults: { ...VIT, layerNormEpsilon: 1e-12 }, of: of(PLAIN), checks: FIXED },
  vit_msn: { defaults: { ...VIT, layerNormEpsilon: 1e-6 }, of: of(PLAIN), checks: FIXED },
  ijepa: {
    defaults: { ...VIT, layerNormEpsilon: 1e-12 },
    of: of({ ...PLAIN, classToken: false }),
    checks: FIXED,
  },
  deit: {
    defaults: { ...VIT, layerNormEpsilon: 1e-12 },
    of: of({ ...PLAIN, distillationToken: true }),
    checks: [...FIXED, 'intermediate_size'],
  },
  dinov2: {
    defaults: { ...VIT, layerNormEpsilon: 1e-6 },
    of: of({ ...PLAIN, layerScale: true, registers: false }),
    checks: FIXED,
  },
  dinov2_with_registers: {
    defaults: { ...VIT, layerNormEpsilon: 1e-6 },
    of: of({ ...PLAIN, layerScale: true, registers: true }),
    checks: [...FIXED, 'num_register_tokens'],
  },
  dinov3_vit: {
    defaults: { heads: 6, activation: 'gelu', layerNormEpsilon: 1e-5, ropeTheta: 100 },
    of: of({ classToken: true, positions: false, preNorm: false, layerScale: true }),
    checks: [...FREE, 'intermediate_size', 'num_register_tokens'],
  },
  clip: {
    defaults: { heads: 12, activation: 'quick-gelu', layerNormEpsilon: 1e-5 },
    of: of({ ...PLAIN, preNorm: true }),
    checks: [...FIXED, 'intermediate_size'],
  },
  siglip: {
    defaults: { heads: 12, activation: 'gelu-tanh', layerNormEpsilon: 1e-6 },
    of: of({ ...PLAIN, classToken: false }),
    checks: [...FIXED, 'intermediate_size'],
  },
  swin: {
    defaults: { heads: [3, 6, 12, 24], layerNormEpsilon: 1e-5, imageSize: 224 },
    of: { family: 'swin', traits: {} },
    checks: ['embed_dim', 'depths', 'num_heads', 'patch_size', 'window_size'],
  },
};
const SAME: Readonly<Record<string, string>> = {
  clip_vision_model: 'clip',
  siglip_vision_model: 'siglip',
};

const FIELDS: Readonly<Record<string, Check['field']>> = {
  hidden_size: 'width',
  embed_dim: 'width',
  num_hidden_layers: 'depth',
  depths: 'depths',
  num_heads: 'heads',
  intermediate_size: 'mlpDim',
  patch_size: 'patchSize',
  image_size: 'imageSize',
  num_register_tokens: 'registers',
  window_size: 'window',
};

/** Types that people try, with what to do instead. */
const OTHERS: Readonly<Record<string, string>> = {
  siglip2:
    'a SigLIP 2 of the NaFlex kind, which takes images in their own proportions; use a SigLIP 2 of a fixed size, such as google/siglip2-base-patch16-224',
  swinv2: 'a Swin transformer of the second version; use one of the first',
  convnext: 'a ConvNeXt, which has no attention to adapt',
  convnextv2: 'a ConvNeXt, which has no attention to adapt',
  dinov3_convnext: 'a ConvNeXt, which has no attention to adapt',
  beit: 'a BEiT, whose attention has a bias for every pair of places',
};

const ACTIVATIONS: Readonly<Record<string, NonNullable<Said['activation']>>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_new: 'gelu-tanh',
  gelu_python_tanh: 'gelu-tanh',
  quick_gelu: 'quick-gelu',
  silu: 'silu',
  swish: 'silu',
};

/** Hugging Face's `config.json`. @throws format-unsupported naming the key */
export function readHuggingFaceConfig(value: unknown, path: string): ModelConfig {
  const { model_type: given, vision_config: vision, id2label } = checked(schema, value, path);
  const type = entryOf(SAME, given ?? '') ?? given ?? '';
  const kind = entryOf(TYPES, type);
  const other = entryOf(OTHERS, type);
  if (kind === undefined)
    throw configFault(
      path,
      `"model_type" is "${type}"${other === undefined ? ', which is no backbone here' : `: ${other}`}.`,
    );
  const network = checked(networkSchema, vision ?? value, path);
  const where = vision ? 'vision_config.' : '';
  const { num_channels: channels, use_absolute_embeddings: absolute } = network;
  if (typeof channels === 'number' && channels !== 3)
    throw configFault(path, `"${where}num_channels" is ${channels}; images have three channels.`);
  if (absolute === true)
    throw configFault(path, '"use_absolute_embeddings" is true, which no network here has.');
  return {
    library: 'huggingface',
    path,
    said: { ...kind.defaults, ...saidBy(network, type, where, path) },
    checks: checksOf(network, kind, where),
    describes: { called: `"model_type" "${given ?? ''}"`, ...kind.of },
    architecture: null,
    named: null,
    projection: false,
    labels: labelsOf(id2label, path),
    labelsKey: 'id2label',
    remedy: OTHER_CONFIG,
    licence: null,
    modelType: given ?? null,
    openClip: null,
    preprocessing: null,
  };
}

function saidBy(network: Network, type: string, where: string, path: string): Partial<Said> {
  const { hidden_act: act } = network;
  const activation = typeof act === 'string' ? entryOf(ACTIVATIONS, act) : undefined;
  if (typeof act === 'string' && activation === undefined)
    throw configFault(path, `"${where}hidden_act" is "${act}", which no network here has.`);
  if (type === 'swin' && activation !== undefined && activation !== 'gelu')
    throw configFault(path, `"hidden_act" is "${String(act)}"; a Swin transformer here has gelu.`);
  return known<Said>({
    heads: network.num_heads ?? network.num_attention_heads,
    activation: network.use_swiglu_ffn === true ? 'silu' : activation,
    layerNormEpsilon: network.layer_norm_eps,
    ropeTheta: network.rope_theta ?? network.rope_parameters?.rope_theta,
    imageSize: network.image_size,
  });
}

function checksOf(network: Network, kind: ModelType, where: string): Check[] {
  const values: Readonly<Record<string, unknown>> = network;
  return (kind.checks ?? []).flatMap((key) => {
    const [field, value] = [FIELDS[key], values[key]];
    if (field === undefined || value === undefined || value === null) return [];
    // No registers are an absent field.
    if (key === 'num_register_tokens' && value === 0) return [];
    return [{ key: where + key, field, value }];
  });
}

/** Class names in the order of their ids, which are numbers; the library's placeholders are none. */
function labelsOf(
  id2label: Readonly<Record<string, unknown>> | null | undefined,
  path: string,
): readonly string[] | null {
  const entries = Object.entries(id2label ?? {});
  if (entries.every(([id, label]) => label === `LABEL_${id}`)) return null;
  return namesByNumber(id2label ?? {}, 'id2label', path).map((label, id) => {
    if (label !== undefined) return label;
    throw configFault(path, `"id2label" has ${entries.length} classes, but none of the id ${id}.`);
  });
}
