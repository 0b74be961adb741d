import { join } from 'node:path';
import type { MergeResult } from '../../../../shared/contract/engine/results.ts';
import { SPLITS, type ManifestImage, type Split } from '../../../../shared/domain/dataset.ts';
import { usedClasses } from '../../../../shared/domain/dataset-classes.ts';
import type { ExportTarget, ModelFormat } from '../../../../shared/domain/export-target.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Adapter, Dataset } from '../../../../shared/domain/library.ts';
import { requireExportAs } from '../../../../shared/methods/export-formats.ts';
import type { HomeFolders } from '../../home.ts';
import type { EvaluationRepository } from '../../store/evaluations.ts';
import type { RunRepository } from '../../store/runs.ts';
import type { DatasetService } from '../../contract/datasets.ts';
import type { JobWatching } from '../../contract/watching.ts';
import type { Backbones } from '../backbones/backbones.ts';
import type { AdapterEngines } from './adapter-engines.ts';
import { requireCount, requireNewPath, withManifest } from './adapter-jobs.ts';
import { indicesOf, type KnownClasses } from './known-classes.ts';
import { readManifest } from '../../../formats/manifest.ts';
import { MANIFEST, manifestImages } from '../manifest.ts';
import { statOrNull } from '../paths.ts';

/**
 * Images that a model is verified on by default. What another implementation computes is compared
 * on all of them, also to measure its accuracy; a folder that we read back ourselves on a few.
 */
const DEFAULT_IMAGES: Readonly<Record<ModelFormat, number>> = {
  timm: 64,
  hf: 64,
  onnx: Infinity,
  savedmodel: Infinity,
};
const TIMM: ExportTarget = { format: 'timm', options: {} };
/** Images that were not trained on are the better test. */
const PREFERENCE = ['val', 'test', 'train'] as const satisfies readonly Split[];

export interface MergedModelsContext {
  readonly engines: AdapterEngines;
  readonly datasets: DatasetService;
  readonly backbones: Pick<Backbones, 'get'>;
  readonly known: KnownClasses;
  readonly evaluations: EvaluationRepository;
  readonly runs: RunRepository;
  readonly folders: HomeFolders;
}

export interface MergeOptions extends JobWatching {
  /** Dataset whose images it is verified on. */
  readonly dataset?: string;
  readonly verifyImages?: number;
  /** Default: a timm folder. */
  readonly target?: ExportTarget;
  /** Whether a loss of accuracy is confirmed. */
  readonly acceptLoss?: boolean;
}

/** Of a model that was written: how it was verified, and what its users must know. */
export type WrittenModel = Pick<MergeResult, 'verification' | 'notes'>;

type Images = Iterable<ManifestImage> | AsyncIterable<ManifestImage>;

/** Writes adapters merged into their backbones, verified on images. */
export class MergedModels {
  readonly #c: MergedModelsContext;

  constructor(context: MergedModelsContext) {
    this.#c = context;
  }

  /**
   * Writes the merged model to the new folder `out`.
   * @throws accuracy-loss, verification-failed, not-available for what cannot be merged
   */
  async intoFolder(adapter: Adapter, out: string, options: MergeOptions): Promise<WrittenModel> {
    const { target = TIMM, acceptLoss = false } = options;
    // The engine would refuse it as well, after it has loaded the model.
    requireExportAs(target.format, adapter.method, adapter.folder);
    const limit =
      options.verifyImages === undefined
        ? DEFAULT_IMAGES[target.format]
        : requireCount('verify-images', options.verifyImages);
    await requireNewPath(out);
    const images = await this.#imagesFor(adapter, options.dataset);
    const result = await withManifest(this.#c.folders, images, async (manifest, n) => {
      if (n === 0)
        throw new KarstError(
          'dataset-unusable',
          `There are no images for verifying the merged model.`,
          { hint: 'Name another dataset.', option: '--dataset' },
        );
      return (await this.#c.engines.run(adapter, options, (backbone) => ({
        kind: 'merge',
        adapterDir: adapter.folder,
        backbone,
        target,
        out,
        manifest,
        verifyImages: Math.min(n, limit),
        acceptLoss,
        manifestSha256: this.#c.runs.find(adapter.runId)?.manifestSha256 ?? null,
        licence:
          adapter.backboneId === null ? null : this.#c.backbones.get(adapter.backboneId).licence,
      }))) as MergeResult;
    });
    return result;
  }

  /**
   * Images on which the two models are compared. Unless a dataset is given: those that the
   * adapter's run held out, else those of a dataset that it was evaluated on or whose classes it
   * knows.
   */
  async #imagesFor(adapter: Adapter, named: string | undefined): Promise<Images> {
    const { datasets } = this.#c;
    if (named !== undefined) return this.#imagesOf(adapter, datasets.get(named));
    const ofRun = await this.#imagesOfRun(adapter);
    if (ofRun !== null) return ofRun;
    const evaluated = this.#c.evaluations.of(adapter.id).map(({ datasetId }) => datasetId);
    const fitting = datasets
      .list()
      .filter((one) => this.#knowsAll(adapter, one))
      .filter(({ counts }) => SPLITS.some((split) => counts[split] > 0))
      .sort((a, b) => evaluated.lastIndexOf(b.id) - evaluated.lastIndexOf(a.id));
    const [dataset] = fitting;
    if (dataset !== undefined) return this.#imagesOf(adapter, dataset);
    throw new KarstError(
      'dataset-unusable',
      `There are no images for verifying the adapter "${adapter.name}": its run is not in this library, nor is a dataset with its classes.`,
      { hint: 'Import a dataset with its classes, or name one.', option: '--dataset' },
    );
  }

  #knowsAll(adapter: Adapter, dataset: Dataset): boolean {
    const labels = this.#c.known.labels(adapter, dataset);
    return usedClasses(dataset).every(({ index }) => labels.includes(index));
  }

  /** With the adapter's own classes: both models are compared on its outputs. */
  #imagesOf(adapter: Adapter, dataset: Dataset): Images {
    const { datasets, known } = this.#c;
    const split = PREFERENCE.find((s) => dataset.counts[s] > 0) ?? 'val';
    const indices = indicesOf(adapter, dataset, known.labels(adapter, dataset), split);
    return manifestImages(datasets.images(dataset.id, split), indices);
  }

  /** Those of the run's frozen list; null if the run or its list is missing. */
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
