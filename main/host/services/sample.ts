import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackedFolder } from '../../formats/unpacked-folder.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { freeName } from '../../../shared/domain/free-name.ts';
import type { Backbone, Dataset, Run } from '../../../shared/domain/library.ts';
import { TRAINING_DEFAULTS, type TrainingConfig } from '../../../shared/domain/training.ts';
import type { Studio } from '../contract/studio.ts';
import type { Watching } from '../contract/watching.ts';

/** The bundled sample: a zip of 1,797 handwritten digits of 8 × 8 pixels in ten class folders. */
export const SAMPLE_ARCHIVE = fileURLToPath(
  new URL('../../assets/sample/digits.zip', import.meta.url),
);
export const SAMPLE_IMAGES = 1797;

/** Its name in the library, as a dataset and as a project. */
export const SAMPLE_NAME = 'Handwritten digits';

/** Fraction held out for validation. */
export const SAMPLE_VALIDATION = 0.2;

/** Settings for the digits: small, fast to learn, without horizontal flips. */
export const SAMPLE_CONFIG: TrainingConfig = {
  ...TRAINING_DEFAULTS,
  batchSize: 32,
  optimizer: { ...TRAINING_DEFAULTS.optimizer, learningRate: 3e-3 },
  schedule: { ...TRAINING_DEFAULTS.schedule, epochs: 6, warmupEpochs: 1 },
};

/** Whether this installation has the sample. */
export function hasSample(): boolean {
  return existsSync(SAMPLE_ARCHIVE);
}

/**
 * The sample's folder of class folders in a home, unpacked on first use and repaired if damaged.
 * @throws not-found, file-damaged, not-writable
 */
export async function unpackedSample(home: string): Promise<string> {
  const folder = join(home, 'sample', 'digits');
  await unpackedFolder(SAMPLE_ARCHIVE, folder);
  return folder;
}

/** Locations of the sample in earlier versions. */
const FORMER = join('main', 'assets', 'sample', 'digits');

/**
 * Relocates datasets of the sample made by earlier versions, whose folder is missing, to the
 * unpacked one.
 * @throws not-found, file-damaged, not-writable
 */
export async function moveFormerSamples(
  datasets: {
    list(): readonly { readonly id: string; readonly path: string }[];
    relocate(id: string, path: string): void;
  },
  home: string,
): Promise<void> {
  const former = datasets.list().filter(({ path }) => path.endsWith(FORMER) && !existsSync(path));
  if (former.length === 0) return;
  const folder = await unpackedSample(home);
  for (const { id } of former) datasets.relocate(id, folder);
}

/** What of the studio the sample needs. */
type SampleStudio = Pick<Studio, 'home' | 'backbones' | 'datasets' | 'projects' | 'runs'>;

/**
 * The backbone that the sample is trained on: the starter.
 * @throws not-found where this installation has no sample or no starter
 */
export function sampleBackbone({ backbones }: Pick<SampleStudio, 'backbones'>): Backbone {
  if (!hasSample())
    throw new KarstError('not-found', 'The sample is not part of this installation.', {
      hint: 'Import a folder of your own images.',
      path: SAMPLE_ARCHIVE,
    });
  const starter = backbones.list().find((backbone) => backbones.isStarter(backbone));
  if (starter !== undefined) return starter;
  throw new KarstError('not-found', 'The starter backbone is not part of this installation.', {
    hint: 'Add another backbone, import the images of the sample, and train.',
  });
}

export interface SampleWatching extends Watching {
  /** Called with what is added to the library. */
  readonly onAdded: (part: 'datasets' | 'projects', id: string) => void;
}

/**
 * A new run on the sample, which is imported and gets a project where it has none yet. The run does not begin.
 */
export async function createSampleRun(
  studio: SampleStudio,
  backbone: Backbone,
  watching: SampleWatching,
): Promise<{ readonly projectId: string; readonly run: Run }> {
  const dataset = await sampleDataset(studio, watching);
  watching.signal?.throwIfAborted();
  const projectId = sampleProject(studio, dataset, backbone, watching);
  const run = await studio.runs.create({
    backbone: backbone.id,
    dataset: dataset.id,
    project: projectId,
    config: SAMPLE_CONFIG,
  });
  return { projectId, run };
}

/** The sample's dataset, imported if it is not in the library. */
async function sampleDataset(
  { home, datasets }: SampleStudio,
  { onAdded, ...watching }: SampleWatching,
): Promise<Dataset> {
  const known = datasets.list();
  const folder = await unpackedSample(home);
  const there = known.find(({ path }) => path === folder);
  if (there !== undefined) return there;
  const { dataset } = await datasets.add(folder, {
    name: freeName(SAMPLE_NAME, namesOf(known)),
    val: SAMPLE_VALIDATION,
    seed: 0,
    ...watching,
  });
  onAdded('datasets', dataset.id);
  return dataset;
}

/** The id of the project that has the sample, or of a new one. */
function sampleProject(
  { projects }: SampleStudio,
  dataset: Dataset,
  backbone: Backbone,
  { onAdded }: SampleWatching,
): string {
  const known = projects.list();
  const there = known.find(
    ({ archived, name, datasetIds }) =>
      !archived && name.startsWith(SAMPLE_NAME) && datasetIds.includes(dataset.id),
  );
  if (there !== undefined) return there.id;
  const { id } = projects.create(freeName(SAMPLE_NAME, namesOf(known)));
  projects.attachDataset(id, dataset.id);
  projects.update(id, { backboneId: backbone.id });
  onAdded('projects', id);
  return id;
}

function namesOf(things: readonly { readonly name: string }[]): string[] {
  return things.map(({ name }) => name);
}
