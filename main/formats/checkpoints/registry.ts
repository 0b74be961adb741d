import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import type { Provenance } from '../../../shared/domain/backbone.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import {
  familyOf,
  type Architecture,
  type ArchitectureOf,
} from '../../../shared/models/registry.ts';
import { assumedPreprocessing } from '../preprocessing/assumed.ts';
import {
  checkTensors,
  type CheckpointFamily,
  type CheckpointSources,
  type Recognised,
  type StoredDtype,
  type TensorTable,
} from './family.ts';
import { settlePreprocessing, timmPreprocessing } from './backbone-preprocessing.ts';
import { timmConfigToJson } from './timm-config.ts';
import { timmVit } from './timm-vit.ts';

/** How the checkpoints of every family are read and written: one line for each. */
const FAMILIES: {
  readonly [F in Architecture['family']]?: CheckpointFamily<ArchitectureOf<F>>;
} = { vit: timmVit };

/** Tensors of which every supported checkpoint has one, exactly once. */
export const ANCHORS: readonly string[] = Object.values(FAMILIES).map(({ anchor }) => anchor);

export interface RecognisedBackbone extends Recognised<Architecture> {
  readonly preprocessing: Preprocessing;
  readonly dtype: StoredDtype;
  readonly preprocessingFrom: Provenance;
}

/**
 * Recognises a backbone by the names and shapes of its tensors. What these do not tell comes from `sources`.
 * @throws format-unknown, format-unsupported, file-damaged, heads-unknown with a sentence that names the tensor
 */
export function recogniseBackbone(
  path: string,
  tensors: TensorTable,
  sources: CheckpointSources = {},
): RecognisedBackbone {
  const families = Object.values(FAMILIES);
  const family = families.find(({ anchor }) => tensors.has(anchor)) ?? timmVit;
  const recognised = family.recognise(path, tensors, sources);
  const { architecture } = recognised;
  const [first] = familyOf(architecture).linears(architecture);
  return {
    ...recognised,
    dtype: tensors.get(`${first?.path ?? ''}.weight`)?.dtype as StoredDtype,
    ...settlePreprocessing(
      {
        timm: timmPreprocessing(sources),
        openClip: null,
        preprocessor: sources.preprocessor ?? null,
      },
      {
        imageSize: architecture.imageSize,
        step: familyOf(architecture).sizeStep(architecture),
        anySize: false,
        assumed: assumedPreprocessing(architecture, { kind: 'timm', modelType: null }),
      },
    ),
  };
}

/**
 * Compares every tensor of a file with what the architecture needs. The head may be left out when `a.classes` is 0.
 * @throws file-damaged, format-unsupported with the tensor, the expected and the found shape
 */
export function checkBackbone(path: string, tensors: TensorTable, a: Architecture): void {
  const { tensors: specs, title } = familyOf(a);
  checkTensors(path, tensors, specs(a, a.classes), title);
}

/**
 * timm's `config.json` of a network.
 * @param labels class names in the order of the head's outputs
 */
export function timmConfigOf(
  a: Architecture,
  preprocessing: Preprocessing,
  labels: readonly string[] = [],
): Record<string, unknown> {
  const head = { classes: a.classes, width: familyOf(a).width(a) };
  const family = FAMILIES[a.family] as CheckpointFamily<Architecture> | undefined;
  if (family === undefined)
    throw new KarstError(
      'format-unsupported',
      `A ${familyOf(a).title} cannot be written for timm yet.`,
      { hint: 'Keep the adapter itself; it is unchanged.' },
    );
  return timmConfigToJson(family.timmBuild(a), head, preprocessing, labels);
}
