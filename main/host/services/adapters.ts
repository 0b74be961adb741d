import { rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type {
  BackboneReference,
  EvaluateResult,
  Job,
  JobResult,
  MergeResult,
} from '../../../shared/contract/engine.ts';
import type { ManifestImage, Split } from '../../../shared/domain/dataset.ts';
import { KarstError, type ErrorReport } from '../../../shared/domain/errors.ts';
import type {
  Adapter,
  DatasetProblem,
  ExportFormat,
  PredictionRow,
  StoredEvaluation,
  StoredMerge,
} from '../../../shared/domain/library.ts';
import type { Prediction, Verification } from '../../../shared/domain/metrics.ts';
import { readAdapterFolder } from '../../formats/adapter-folder.ts';
import { syncFolder, writeError } from '../../formats/files.ts';
import { runEngineJob } from '../jobs/engine-job.ts';
import { newId } from '../store/names.ts';
import { now } from '../store/rows.ts';
import type {
  AdapterEvaluation,
  AdapterService,
  ExportOutcome,
  JobWatching,
  Watching,
} from '../studio.ts';
import {
  askedFiles,
  requireNewPath,
  requireSameBackbone,
  runImages,
  splitImages,
} from './adapter-jobs.ts';
import type { Backbones } from './backbones.ts';
import { writeManifest } from './manifest.ts';
import { makeFolder, statOrNull } from './paths.ts';
import { AdapterShelf, copyAdapter } from './adapter-shelf.ts';

const DEFAULT_BATCH = 32;
const DEFAULT_TOP = 5;
/** Images that a merge is verified on unless said otherwise. */
const DEFAULT_VERIFY_IMAGES = 64;

/** What engines do with adapters: evaluate, predict, merge, export. */
export class Adapters extends AdapterShelf implements AdapterService {
  readonly #active = new Map<AbortController, Promise<unknown>>();

  evaluations(nameOrId: string): StoredEvaluation[] {
    return this.context.evaluations.of(this.get(nameOrId).id);
  }

  async evaluate(
    nameOrId: string,
    options: JobWatching & { dataset: string; split?: Split; batchSize?: number },
  ): Promise<AdapterEvaluation> {
    const adapter = this.get(nameOrId);
    const dataset = this.context.datasets.get(options.dataset);
    const split = options.split ?? 'val';
    const images = splitImages(adapter, dataset, split, this.context.datasets);
    const batchSize = requireCount('batch-size', options.batchSize ?? DEFAULT_BATCH);
    const result = await this.#withManifest(images, async (manifest, n) => {
      if (n === 0)
        throw new KarstError(
          'dataset-unusable',
          `The dataset "${dataset.name}" has no ${split} image that can be used.`,
          {
            hint: `Choose another split; it has ${dataset.counts.train} train, ${dataset.counts.val} val and ${dataset.counts.test} test images.`,
          },
        );
      return (await this.#run(adapter, options, (backbone) => ({
        kind: 'evaluate',
        adapterDir: adapter.folder,
        backbone,
        manifest,
        batchSize,
      }))) as EvaluateResult;
    });
    const stored: StoredEvaluation = {
      id: newId('evaluation'),
      adapterId: adapter.id,
      datasetId: dataset.id,
      split,
      evaluation: result.evaluation,
      createdAt: now(),
    };
    this.context.evaluations.insert(stored);
    const problems = result.problems.map(({ path, error }): DatasetProblem => ({
      kind:
        error.code === 'not-found'
          ? 'missing'
          : error.code === 'file-changed'
            ? 'changed'
            : 'unreadable',
      path,
      reason: error.message,
    }));
    return { stored, evaluation: result.evaluation, problems };
  }

  async predict(
    nameOrId: string,
    options: JobWatching & { paths: readonly string[]; top?: number; batchSize?: number },
  ): Promise<PredictionRow[]> {
    const adapter = this.get(nameOrId);
    const top = requireCount('top', options.top ?? DEFAULT_TOP);
    const batchSize = requireCount('batch-size', options.batchSize ?? DEFAULT_BATCH);
    const asked = await askedFiles(options.paths);
    const paths = [...new Set(asked.filter((f) => f.error === null).map((f) => f.path))];
    const answers = new Map<
      string,
      { predictions: readonly Prediction[] } | { error: ErrorReport }
    >();
    if (paths.length > 0)
      await this.#run(
        adapter,
        {
          ...options,
          onEvent: (event) => {
            if (event.type === 'prediction')
              answers.set(event.path, { predictions: event.predictions });
            else if (event.type === 'unreadable') answers.set(event.path, { error: event.error });
            options.onEvent?.(event);
          },
        },
        (backbone) => ({
          kind: 'predict',
          adapterDir: adapter.folder,
          backbone,
          paths,
          top,
          batchSize,
        }),
      );
    return asked.map(({ given, path, error }): PredictionRow => {
      if (error !== null) return { path: given, error };
      const answer = answers.get(path);
      if (answer === undefined)
        throw new KarstError('internal', `The engine said nothing about ${path}.`, {
          hint: 'This is a fault in KARST Studio: please report it with the log.',
          path,
        });
      return { path: given, ...answer };
    });
  }

  async merge(
    nameOrId: string,
    options: JobWatching & { out?: string; dataset?: string; verifyImages?: number } = {},
  ): Promise<{ out: string; verification: Verification; stored: StoredMerge }> {
    const adapter = this.get(nameOrId);
    const id = newId('merge');
    let out: string;
    if (options.out === undefined) {
      await makeFolder(this.context.folders.merged);
      out = join(
        this.context.folders.merged,
        `${adapter.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}-${id}`,
      );
    } else out = resolve(options.out);
    await requireNewPath(out);
    const verification = await this.#mergeInto(adapter, out, options);
    const stored: StoredMerge = { id, adapterId: adapter.id, out, verification, createdAt: now() };
    this.context.merges.insert(stored);
    return { out, verification, stored };
  }

  async #mergeInto(
    adapter: Adapter,
    out: string,
    options: JobWatching & { dataset?: string; verifyImages?: number },
  ): Promise<Verification> {
    const verifyImages = requireCount(
      'verify-images',
      options.verifyImages ?? DEFAULT_VERIFY_IMAGES,
    );
    const images = await this.#verificationImages(adapter, options.dataset);
    const result = await this.#withManifest(images, async (manifest, n) => {
      if (n === 0)
        throw new KarstError(
          'dataset-unusable',
          `There are no images to verify the merged model on.`,
          {
            hint: 'Name another dataset with --dataset.',
          },
        );
      return (await this.#run(adapter, options, (backbone) => ({
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

  async #verificationImages(
    adapter: Adapter,
    datasetName: string | undefined,
  ): Promise<Iterable<ManifestImage> | AsyncIterable<ManifestImage>> {
    const { datasets, runs } = this.context;
    if (datasetName !== undefined) {
      const dataset = datasets.get(datasetName);
      const split = (['val', 'test', 'train'] as const).find((s) => dataset.counts[s] > 0) ?? 'val';
      return splitImages(adapter, dataset, split, datasets);
    }
    if (adapter.runId === null)
      throw new KarstError(
        'dataset-unusable',
        `The adapter "${adapter.name}" was not trained in this library, so that there are no images to verify on.`,
        { hint: 'Name a dataset of its classes with --dataset.' },
      );
    return runImages(adapter, runs.get(adapter.runId));
  }

  async export(
    nameOrId: string,
    options: JobWatching & {
      format: ExportFormat;
      out: string;
      dataset?: string;
      verifyImages?: number;
    },
  ): Promise<ExportOutcome> {
    const adapter = this.get(nameOrId);
    const { format } = options;
    const out = resolve(options.out);
    if (format === 'onnx' || format === 'savedmodel')
      throw new KarstError(
        'not-available',
        `Export to ${format === 'onnx' ? 'ONNX' : 'a TensorFlow SavedModel'} is not in this version yet.`,
        { hint: 'Export to safetensors, which timm and PyTorch load.' },
      );
    await requireNewPath(out);
    let verification: Verification | null = null;
    if (format === 'adapter') await copyAdapter(adapter.folder, out);
    else if (out.toLowerCase().endsWith('.safetensors'))
      verification = await this.#exportFile(adapter, out, options);
    else verification = await this.#mergeInto(adapter, out, options);
    const stored = {
      id: newId('export'),
      adapterId: adapter.id,
      format,
      out,
      verification,
      createdAt: now(),
    };
    this.context.exports.insert(stored);
    return { out, verification, stored };
  }

  /** The merged weights alone, as one file: made in a folder beside it, so that the last step is a rename. */
  async #exportFile(
    adapter: Adapter,
    out: string,
    options: JobWatching & { dataset?: string; verifyImages?: number },
  ): Promise<Verification> {
    const folder = join(dirname(out), `.${newId('work')}.tmp`);
    try {
      const verification = await this.#mergeInto(adapter, folder, options);
      await requireNewPath(out);
      await rename(join(folder, 'model.safetensors'), out).catch((error: unknown) => {
        throw writeError(out, error);
      });
      await syncFolder(dirname(out));
      return verification;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Writes images into a manifest of its own under `work`, which is gone when `use` is done. */
  async #withManifest<T>(
    images: Iterable<ManifestImage> | AsyncIterable<ManifestImage>,
    use: (path: string, images: number) => Promise<T>,
  ): Promise<T> {
    const { folders } = this.context;
    await makeFolder(folders.work);
    const path = join(folders.work, `${newId('work')}.jsonl`);
    try {
      const { train, val, test } = await writeManifest(path, images);
      return await use(path, train + val + test);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Has an engine do a job with this adapter, on the backbone it was trained on. */
  async #run(
    adapter: Adapter,
    watching: JobWatching,
    job: (backbone: BackboneReference) => Job,
  ): Promise<JobResult> {
    const abort = new AbortController();
    const work = this.#start(adapter, watching, job, abort);
    this.#active.set(abort, work);
    try {
      return await work;
    } finally {
      this.#active.delete(abort);
    }
  }

  async #start(
    adapter: Adapter,
    watching: JobWatching,
    job: (backbone: BackboneReference) => Job,
    abort: AbortController,
  ): Promise<JobResult> {
    const { spawn, cacheDir, graceMs, backbones, folders } = this.context;
    if ((await statOrNull(adapter.folder)) === null)
      throw new KarstError(
        'not-found',
        `The folder of the adapter "${adapter.name}" is gone: ${adapter.folder}.`,
        {
          hint: `Look for it in ${folders.bin}, or remove the adapter.`,
          path: adapter.folder,
        },
      );
    const backbone = await this.#backboneOf(adapter, backbones, watching);
    const signal =
      watching.signal === undefined
        ? abort.signal
        : AbortSignal.any([watching.signal, abort.signal]);
    return runEngineJob({
      spawn,
      cacheDir,
      graceMs,
      logFile: null,
      job: job(backbone),
      onEvent: watching.onEvent,
      signal,
    });
  }

  async #backboneOf(
    adapter: Adapter,
    backbones: Backbones,
    watching: Watching,
  ): Promise<BackboneReference> {
    if (adapter.backboneId !== null) {
      const backbone = await backbones.reference(backbones.get(adapter.backboneId), watching);
      requireSameBackbone(adapter, backbone);
      return backbone;
    }
    const { config, preprocessing } = await readAdapterFolder(adapter.folder);
    const { architecture, backboneName: name } = config;
    return { path: null, sha256: '', name, architecture, preprocessing };
  }

  /** Ends the jobs under way and waits for them. */
  async close(): Promise<void> {
    const active = [...this.#active];
    for (const [abort] of active) abort.abort();
    await Promise.allSettled(active.map(([, work]) => work));
  }
}

function requireCount(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new KarstError('usage', `--${name} is ${value}; it is a whole number from 1.`, {
    hint: `For example --${name} 8.`,
  });
}
