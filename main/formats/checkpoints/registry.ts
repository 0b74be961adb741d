import * as v from 'valibot';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Provenance, SourceKind } from '../../../shared/domain/backbone.ts';
import type { PositionRule } from '../../../shared/domain/position-rule.ts';
import {
  architectureSchema,
  familyOf,
  fits,
  type Architecture,
} from '../../../shared/models/registry.ts';
import { assumedPreprocessing, type Origin } from '../preprocessing/assumed.ts';
import { settlePreprocessing, type PreprocessingSources } from './backbone-preprocessing.ts';
import { classNames } from './configs/class-names.ts';
import { otherKind, type Trait } from './configs/described.ts';
import type { ModelConfig } from './configs/model-config.ts';
import {
  checkTensors,
  refuse,
  refuseDtype,
  STORED_DTYPES,
  type CheckpointSources,
  type Recognised,
  type StoredDtype,
} from './family.ts';
import { positionRuleOf } from './position-rule.ts';
import { contradiction } from './settle.ts';
import { recogniseSwin } from './swin.ts';
import type { Translation } from './translate.ts';
import { uselessOption } from './useless-option.ts';
import { recogniseVit } from './vit.ts';

export interface RecognisedBackbone extends Recognised<Architecture> {
  /** Whose names the file has. */
  readonly source: SourceKind;
  /** How its position embeddings are resampled to another size. */
  readonly positionRule: PositionRule;
  /** timm's name of the model; null if unknown or another model's. */
  readonly timmName: string | null;
  /** Class names of its own head in the order of its outputs; null where nothing says them. */
  readonly labels: readonly string[] | null;
  readonly licence: string | null;
  readonly preprocessing: Preprocessing;
  readonly dtype: StoredDtype;
  readonly preprocessingFrom: Provenance;
}

/** Types of Hugging Face's that take images of another size than the table's without being told to. */
const ANY_SIZE: ReadonlySet<string> = new Set([
  'dinov2',
  'dinov2_with_registers',
  'dinov3_vit',
  'swin',
]);

/**
 * Recognises a backbone by the names and shapes of its tensors. What these do not tell comes from `sources`.
 * @throws format-unknown, format-unsupported, file-damaged, heads-unknown with a sentence that names the tensor
 */
export function recogniseBackbone(
  path: string,
  translation: Translation,
  sources: CheckpointSources = {},
): RecognisedBackbone {
  requireDtypes(path, translation);
  const config = ofTheseWeights(sources.config ?? null, translation);
  const metadata = ofTheseWeights(sources.metadata ?? null, translation);
  const recognise = translation.source.family === 'swin' ? recogniseSwin : recogniseVit;
  const recognised: Recognised<Architecture> = recognise(path, translation, {
    ...sources,
    config,
    metadata,
  });
  const { architecture } = recognised;
  for (const said of [config, metadata]) refuseContradiction(said, architecture);
  const useless = uselessOption(sources.option ?? {}, recognised);
  if (useless !== null)
    throw refuse(
      'format-unsupported',
      path,
      `the option ${useless.option} (${useless.label}) has no use: ${useless.why}.`,
      'Leave the option out.',
      useless.option,
    );
  requireConsistent(path, architecture);
  const origin: Origin = {
    kind: translation.kind,
    modelType: config?.modelType ?? translation.source.model ?? null,
  };
  const [first] = familyOf(architecture).linears(architecture);
  const named = [config, metadata].find((one) => one !== null && one.labels !== null);
  return {
    ...recognised,
    source: translation.kind,
    positionRule: positionRuleOf(
      origin,
      architecture.family === 'vit' ? architecture : { patchSize: 0 },
    ),
    timmName: config?.architecture ?? metadata?.architecture ?? null,
    // Names that no head needs may be as they like.
    labels:
      architecture.classes > 0 && named?.labels
        ? classNames(named.labels, named.labelsKey, named.path)
        : null,
    licence: config?.licence ?? metadata?.licence ?? null,
    dtype: translation.tensors.get(`${first?.path ?? ''}.weight`)?.dtype as StoredDtype,
    ...settlePreprocessing(
      {
        timm: timmPreprocessing(config, metadata),
        openClip: config?.openClip ?? null,
        preprocessor: sources.preprocessor ?? null,
      },
      {
        imageSize: architecture.imageSize,
        fits: (side) => fits(architecture, side),
        anySize: origin.modelType !== null && ANY_SIZE.has(origin.modelType),
        assumed: assumedPreprocessing(architecture, origin),
      },
    ),
  };
}

/** @throws format-unsupported where an option or a configuration gives what cannot be computed */
function requireConsistent(path: string, architecture: Architecture): void {
  const limits = v.safeParse(architectureSchema, architecture);
  const fault = limits.success
    ? familyOf(architecture).contradiction(architecture)
    : `"${v.getDotPath(limits.issues[0]) ?? 'family'}": ${limits.issues[0].message}`;
  if (fault === null) return;
  throw refuse(
    'format-unsupported',
    path,
    `its architecture does not add up: ${fault}.`,
    'Correct the option, or the configuration beside the file.',
  );
}

/** @throws format-unsupported naming the tensor, whatever else is wrong with the file */
function requireDtypes(path: string, { tensors, called }: Translation): void {
  for (const [name, { dtype }] of tensors)
    // A head that is not used may be stored as it likes.
    if (!name.startsWith('head.') && !STORED_DTYPES.some((one) => one === dtype))
      throw refuseDtype(path, called(name), dtype);
}

/** The tensors by which kinds of vision transformers are told apart. */
const MARKS: Readonly<Record<Exclude<Trait, 'eva'>, string>> = {
  classToken: 'cls_token',
  distillationToken: 'dist_token',
  registers: 'reg_token',
  positions: 'pos_embed',
  preNorm: 'norm_pre.weight',
  layerScale: 'blocks.0.ls1.gamma',
};

/**
 * A configuration whose name is of a model of another size says only what it says itself.
 * @throws format-unsupported where it is of another kind of network
 */
function ofTheseWeights(
  config: ModelConfig | null,
  { tensors, source }: Translation,
): ModelConfig | null {
  if (config === null) return config;
  const kind =
    config.describes === null
      ? null
      : otherKind(config.describes, {
          family: source.family,
          has: (trait) =>
            trait === 'eva' ? source.kind === 'timm-eva' : tensors.has(MARKS[trait]),
        });
  if (kind !== null) throw contradicts(config, kind);
  const [width, , patchSize] = tensors.get('patch_embed.proj.weight')?.shape ?? [];
  const { named } = config;
  if (named === null) return config;
  const own = (named.width ?? width) === width && (named.patchSize ?? patchSize) === patchSize;
  return own ? config : { ...config, said: named.otherwise, architecture: null };
}

function refuseContradiction(config: ModelConfig | null, architecture: Architecture): void {
  if (config === null) return;
  const { classes, ...network } = architecture;
  // Without a head of its own there is none to compare.
  const sentence = contradiction(config, { ...network, ...(classes > 0 ? { classes } : {}) });
  if (sentence !== null) throw contradicts(config, sentence);
  const { labels, labelsKey, preprocessing } = config;
  const side = preprocessing?.imageSize ?? architecture.imageSize;
  const { sizeStep } = familyOf(architecture);
  // Another multiple is of another checkpoint and believed by nobody.
  if (side !== architecture.imageSize && side % sizeStep(architecture) !== 0)
    throw contradicts(
      config,
      `"input_size" is ${String(side)}, and the weights take ${String(architecture.imageSize)} or multiples of ${String(sizeStep(architecture))}`,
    );
  if (labels !== null && classes > 0 && labels.length !== classes)
    throw contradicts(
      config,
      `"${labelsKey}" has ${String(labels.length)} classes, and the head of the weights ${String(classes)}`,
    );
}

function contradicts({ path, remedy }: ModelConfig, sentence: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${sentence}.`, { hint: remedy, path });
}

/**
 * Compares every tensor of a file with what the architecture needs. The head may be left out when `a.classes` is 0.
 * @throws file-damaged, format-unsupported with the tensor, the expected and the found shape
 */
export function checkBackbone(path: string, translation: Translation, a: Architecture): void {
  const specs = familyOf(a).tensors(a, a.classes);
  const needed = new Set(specs.map(({ name }) => name));
  // What a pooling or a head that was changed leaves over is known from adding it.
  const tensors = new Map([...translation.tensors].filter(([name]) => needed.has(name)));
  checkTensors(path, tensors, specs, translation.called);
}

/** timm's preprocessing: from its configuration beside the file, else from the file's metadata. */
function timmPreprocessing(
  config: ModelConfig | null,
  metadata: ModelConfig | null,
): PreprocessingSources['timm'] {
  if (config?.preprocessing) return { said: config.preprocessing, from: 'config.json' };
  return metadata?.preprocessing ? { said: metadata.preprocessing, from: 'metadata' } : null;
}
