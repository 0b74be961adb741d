import type { BackboneReference } from '../../../../shared/contract/engine/jobs.ts';
import type { RunStart } from '../../../../shared/contract/window/runs.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Adapter, Backbone } from '../../../../shared/domain/library.ts';
import type { TrainingConfig } from '../../../../shared/domain/training.ts';
import { atSize } from '../../../../shared/models/registry.ts';
import { taskSpec } from '../../../../shared/tasks/registry.ts';
import {
  adapterTensorShapes,
  readAdapterFolder,
  type AdapterFolder,
} from '../../../formats/adapter-folder.ts';
import type { BareShape } from '../../contract/runs.ts';
import type { runClasses } from '../run-classes.ts';
import { differenceOf } from '../architecture-difference.ts';

/** An adapter as the start of a run: what it binds the run to. */
export interface StartingAdapter {
  readonly adapter: Adapter;
  readonly folder: AdapterFolder;
}

export async function startingAdapter(adapter: Adapter): Promise<StartingAdapter> {
  return { adapter, folder: await readAdapterFolder(adapter.folder) };
}

/**
 * For each class of a run the row of the adapter's head that stands for it; null for a class that
 * the adapter does not know.
 * @param known as `KnownClasses.rows` gives them
 */
export function classRows(
  known: ReadonlyMap<number, number>,
  { labels }: ReturnType<typeof runClasses>,
): (number | null)[] {
  return [...labels.keys()].map((label) => known.get(label) ?? null);
}

/** What becomes of an adapter's classes in a run of these classes. */
export function classChanges(
  adapterClasses: readonly string[],
  classes: readonly string[],
  rows: readonly (number | null)[],
): NonNullable<RunStart['classes']> {
  const used = new Set(rows);
  return {
    kept: classes.filter((_, index) => rows[index] !== null),
    added: classes.filter((_, index) => rows[index] === null),
    dropped: adapterClasses.filter((_, row) => !used.has(row)),
  };
}

/** Id of the backbone; the architecture of a model that was trained from random weights. */
export function ownBackbone({ adapter, folder }: StartingAdapter): string | BareShape {
  const { backboneName: name, architecture } = folder.config;
  return adapter.backboneId ?? { name, architecture, preprocessing: folder.preprocessing };
}

/**
 * The settings that a run has from its start: method with options, image size, initial weights.
 * @param backbone that of the adapter; null when it was trained from random weights
 */
export function boundSettings(
  { folder }: StartingAdapter,
  backbone: Backbone | null,
): Pick<RunStart, 'tuning' | 'imageSize' | 'initialize'> {
  const { config, preprocessing } = folder;
  const { method, options, backboneSha256 } = config;
  const own = backbone?.preprocessing.imageSize ?? preprocessing.imageSize;
  return {
    tuning: { method, options } as RunStart['tuning'],
    imageSize: preprocessing.imageSize === own ? 0 : preprocessing.imageSize,
    initialize: backboneSha256 === null ? 'random' : 'backbone',
  };
}

/**
 * Whether a run can start from the adapter's weights: they only mean something on the backbone, and
 * with the method and the options, that they were trained with.
 * @throws backbone-mismatch, config-invalid, dataset-unusable
 */
export function requireStart(
  start: StartingAdapter,
  backbone: Pick<BackboneReference, 'sha256' | 'name' | 'architecture' | 'preprocessing'>,
  config: TrainingConfig,
  task: string,
): void {
  const { adapter, folder } = start;
  requireBackbone(start, backbone, config);
  requireMethod(start, config);
  if (folder.config.task !== task)
    throw new KarstError(
      'dataset-unusable',
      `The adapter "${adapter.name}" was trained for ${taskSpec(folder.config.task).title}, and the dataset is for ${taskSpec(task).title}.`,
      { hint: 'Choose a dataset of the same kind.' },
    );
  const { imageSize } = atSize(
    backbone.architecture,
    config.imageSize || backbone.preprocessing.imageSize,
  );
  const shapes = (size: number): object =>
    Object.fromEntries(adapterTensorShapes(folder.config, { imageSize: size }, 1));
  const trainedAt = folder.preprocessing.imageSize;
  const differs = differenceOf(shapes(trainedAt), shapes(imageSize));
  if (differs !== null)
    throw new KarstError(
      'config-invalid',
      `The setting "imageSize" makes images of ${imageSize} pixels; the adapter "${adapter.name}" was trained at ${trainedAt}, and its ${differs.key} fits no other size.`,
      { hint: `Set imageSize to ${trainedAt}.` },
    );
}

function requireBackbone(
  { adapter, folder }: StartingAdapter,
  backbone: Pick<BackboneReference, 'sha256' | 'name' | 'architecture'>,
  { initialize }: TrainingConfig,
): void {
  const { backboneSha256: sha256, backboneName, architecture } = folder.config;
  const needed = sha256 === null ? 'random' : 'backbone';
  if (initialize !== needed)
    throw new KarstError(
      'config-invalid',
      `The setting "initialize" is "${initialize}"; the adapter "${adapter.name}" was trained with "${needed}".`,
      { hint: `Choose "${needed}".` },
    );
  // The same weights may be several networks.
  const same =
    (sha256 === null || sha256 === backbone.sha256) &&
    differenceOf(architecture, backbone.architecture) === null;
  if (!same)
    throw new KarstError(
      'backbone-mismatch',
      `The adapter "${adapter.name}" was trained on the backbone "${backboneName}"; a training from it cannot be on "${backbone.name}".`,
      { hint: 'Choose the backbone that it was trained on.' },
    );
}

function requireMethod({ adapter, folder }: StartingAdapter, { tuning }: TrainingConfig): void {
  const { method, options } = folder.config;
  if (tuning.method !== method)
    throw new KarstError(
      'config-invalid',
      `The setting "method" is "${tuning.method}"; the adapter "${adapter.name}" was trained with "${method}", and so is what starts from it.`,
      { hint: `Choose the method ${method}.` },
    );
  const differs = differenceOf(tuning.options, options);
  if (differs !== null)
    throw new KarstError(
      'config-invalid',
      `The setting "${method}.${differs.key}" is ${differs.said}; the adapter "${adapter.name}" was trained with ${differs.is}, and so is what starts from it.`,
      { hint: `Set it to ${differs.is}.` },
    );
}
