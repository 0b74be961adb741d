import { join } from 'node:path';
import type { MergeResult } from '../../../../shared/contract/engine/results.ts';
import { SPLITS, type ManifestImage, type Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Adapter, Dataset } from '../../../../shared/domain/library.ts';
import type { Verification } from '../../../../shared/domain/metrics.ts';
import type { HomeFolders } from '../../home.ts';
import type { EvaluationRepository } from '../../store/evaluations.ts';
import type { RunRepository } from '../../store/runs.ts';
import type { DatasetService } from '../../contract/datasets.ts';
import type { JobWatching } from '../../contract/watching.ts';
import type { AdapterEngines } from './adapter-engines.ts';
import { requireCount, requireNewPath, splitImages, withManifest } from './adapter-jobs.ts';
import { MANIFEST, readManifest } from '../manifest.ts';
import { statOrNull } from '../paths.ts';

/** Images that a merge is verified on unless said otherwise. */
const DEFAULT_IMAGES = 64;
/** Images that were not trained on say more. */
const PREFERENCE = ['val', 'test', 'train'] as const satisfies readonly Split[];

export interface MergedModelsContext {
  readonly engines: AdapterEngines;
  readonly datasets: DatasetService;
  readonly evaluations: EvaluationRepository;
  readonly runs: RunRepository;
  readonly folders: HomeFolders;
}

export interface MergeOptions extends JobWatching {
  /** Whose images it is verified on. */
  readonly dataset?: string;
  readonly verifyImages?: number;
}

type Images = Iterable<ManifestImage> | AsyncIterable<ManifestImage>;

/** Writes adapters folded into their backbones, verified on images. */
export class MergedModels {
  readonly #c: MergedModelsContext;

  constructor(context: MergedModelsContext) {
    this.#c = context;
  }

  /** Writes the merged model as the new folder `out`. */
  async intoFolder(adapter: Adapter, out: string, options: MergeOptions): Promise<Verification> {
    const verifyImages = requireCount('verify-images', options.verifyImages ?? DEFAULT_IMAGES);
    await requireNewPath(out);
    const images = await this.#imagesFor(adapter, options.dataset);
    const result = await withManifest(this.#c.folders, images, async (manifest, n) => {
      if (n === 0)
        throw new KarstError(
          'dataset-unusable',
          `There are no images to verify the merged model on.`,
          { hint: 'Name another dataset.', option: '--dataset' },
        );
      return (await this.#c.engines.run(adapter, options, (backbone) => ({
        kind: 'merge',
        adapterDir: adapter.folder,
        backbone,
        out,
        manifest,
        verifyImages,
      }))) as MergeResult;
    });
    return result.verification;
  }

  /**
   * Images on which two forms of a model are compared; which they are matters little. Unless a dataset is named:
   * those that the adapter's run held back, else those of a dataset that it was evaluated on or knows all classes of.
   */
  async #imagesFor(adapter: Adapter, named: string | undefined): Promise<Images> {
    const { datasets } = this.#c;
    if (named !== undefined) return this.#imagesOf(adapter, datasets.get(named));
    const ofRun = await this.#imagesOfRun(adapter);
    if (ofRun !== null) return ofRun;
    const evaluated = this.#c.evaluations.of(adapter.id).map(({ datasetId }) => datasetId);
    const known = new Set(adapter.classes);
    const fitting = datasets
      .list()
      .filter(({ classes }) => classes.every((c) => known.has(c.name)))
      .filter(({ counts }) => SPLITS.some((split) => counts[split] > 0))
      .sort((a, b) => evaluated.lastIndexOf(b.id) - evaluated.lastIndexOf(a.id));
    const [dataset] = fitting;
    if (dataset !== undefined) return this.#imagesOf(adapter, dataset);
    throw new KarstError(
      'dataset-unusable',
      `There are no images to verify the adapter "${adapter.name}" on: its run is not in this library, nor is a dataset of its classes.`,
      { hint: 'Import a dataset of its classes, or name one.', option: '--dataset' },
    );
  }

  #imagesOf(adapter: Adapter, dataset: Dataset): Images {
    const split = PREFERENCE.find((s) => dataset.counts[s] > 0) ?? 'val';
    return splitImages(adapter, dataset, split, this.#c.datasets);
  }

  /** Those of the run's frozen list; null when the run or its list is not there. */
  async #imagesOfRun(adapter: Adapter): Promise<Images | null> {
    const run = this.#c.runs.find(adapter.runId);
    if (run === null) return null;
    const split = PREFERENCE.find((s) => run.counts[s] > 0);
    const path = join(run.folder, MANIFEST);
    if (split === undefined || (await statOrNull(path)) === null) return null;
    async function* images(): AsyncGenerator<ManifestImage> {
      for await (const image of readManifest(path)) if (image.split === split) yield image;
    }
    return images();
  }
}
