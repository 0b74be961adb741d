import { copyFile, rename, rm } from 'node:fs/promises';
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
import {
  ADAPTER_FILES,
  readAdapterFolder,
  type AdapterFolder,
} from '../../formats/adapter-folder.ts';
import { syncFolder, writeError, writeFolderAtomic } from '../../formats/files.ts';
import type { HomeFolders } from '../home.ts';
import { runEngineJob } from '../jobs/engine-job.ts';
import type { AdapterRepository } from '../store/adapters.ts';
import type { EvaluationRepository } from '../store/evaluations.ts';
import type { ExportRepository } from '../store/exports.ts';
import type { Library } from '../store/library.ts';
import type { MergeRepository } from '../store/merges.ts';
import { checkName, freeName, newId, requireFreeName } from '../store/names.ts';
import { now } from '../store/rows.ts';
import type { RunRepository } from '../store/runs.ts';
import type { TagRepository } from '../store/tags.ts';
import type {
  AdapterEvaluation,
  AdapterService,
  DatasetService,
  EngineSpawner,
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
import { makeFolder, moveToBin, statOrNull, throwIfCancelled } from './paths.ts';

const DEFAULT_BATCH = 32;
const DEFAULT_TOP = 5;
/** Images that a merge is verified on unless said otherwise. */
const DEFAULT_VERIFY_IMAGES = 64;

export interface AdaptersContext {
  readonly library: Library;
  readonly adapters: AdapterRepository;
  readonly tags: TagRepository;
  readonly evaluations: EvaluationRepository;
  readonly merges: MergeRepository;
  readonly exports: ExportRepository;
  readonly runs: RunRepository;
  readonly folders: HomeFolders;
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  readonly backbones: Backbones;
  readonly datasets: DatasetService;
}

interface Origin {
  readonly name: string;
  readonly runId: string | null;
  readonly backboneId: string | null;
  readonly top1: number | null;
  readonly loss: number | null;
}

export class Adapters implements AdapterService {
  readonly #c: AdaptersContext;
  readonly #active = new Map<AbortController, Promise<unknown>>();

  constructor(context: AdaptersContext) {
    this.#c = context;
  }

  list(): Adapter[] {
    return this.#c.adapters.list();
  }

  get(nameOrId: string): Adapter {
    return this.#c.adapters.get(nameOrId);
  }

  /** Reads and checks an adapter folder. */
  async inspect(folder: string): Promise<AdapterFolder> {
    return readAdapterFolder(folder);
  }

  /** Enters a folder that lies in the library already; call it inside a transaction. */
  register(id: string, folder: AdapterFolder, origin: Origin): Adapter {
    this.#c.adapters.insert({
      id,
      ...origin,
      method: folder.config.method,
      backboneName: folder.config.backboneName,
      backboneSha256: folder.config.backboneSha256 ?? '',
      classes: folder.labels,
      adapterParameters: folder.parameters.adapter,
      headParameters: folder.parameters.head,
      bytes: folder.bytes,
      createdAt: now(),
    });
    return this.get(id);
  }

  /**
   * Where the adapter of a run goes. What an earlier session left there without entering it (a crash between
   * writing and entering) is moved to the bin.
   */
  async placeForRun(runId: string): Promise<{ id: string; folder: string }> {
    const { folders, adapters } = this.#c;
    await makeFolder(folders.adapters);
    const paired = runId.replace(/^run-/, 'ad-');
    const taken = adapters.list().some((a) => a.id === paired);
    const id = taken ? newId('adapter') : paired;
    const folder = join(folders.adapters, id);
    await moveToBin(folders, folder, id);
    return { id, folder };
  }

  async import(path: string, options: Watching & { name?: string } = {}): Promise<Adapter> {
    const { library, folders, backbones } = this.#c;
    const source = resolve(path);
    const wanted = options.name === undefined ? null : checkName('adapter', options.name);
    if (wanted !== null) requireFreeName(library, 'adapter', wanted);
    const given = await readAdapterFolder(source);
    const backboneId = this.#backboneFor(given, backbones);
    throwIfCancelled(options.signal, 'The import');
    const id = newId('adapter');
    const folder = join(folders.adapters, id);
    await makeFolder(folders.adapters);
    await copyAdapter(source, folder);
    try {
      // What counts is what lies in the library now, not what lay in the source a moment ago.
      const copied = await readAdapterFolder(folder);
      this.#backboneFor(copied, backbones);
      throwIfCancelled(options.signal, 'The import');
      return library.transaction(() =>
        this.register(id, copied, {
          name: this.#nameOf(wanted, copied, source),
          runId: null,
          backboneId,
          top1: copied.config.training?.valTop1 ?? null,
          loss: copied.config.training?.valLoss ?? null,
        }),
      );
    } catch (error) {
      // The copy is ours and was never entered.
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  #nameOf(wanted: string | null, folder: AdapterFolder, source: string): string {
    const { library } = this.#c;
    if (wanted !== null) {
      requireFreeName(library, 'adapter', wanted);
      return wanted;
    }
    const name = folder.config.training?.runName || source.split(/[/\\]/).at(-1) || 'adapter';
    return freeName(
      library,
      'adapter',
      checkName('adapter', name.replace(/^[.-]+/, '') || 'adapter'),
    );
  }

  /** Id of the backbone that the description names; null for a model that brings all its weights. */
  #backboneFor(folder: AdapterFolder, backbones: Backbones): string | null {
    const { backboneSha256: sha256, backboneName, architecture } = folder.config;
    if (sha256 === null) {
      if (folder.config.method === 'full') return null;
      throw mismatch(folder.dir, 'it names no backbone');
    }
    const backbone = backbones.bySha256(sha256);
    if (backbone === null)
      throw mismatch(
        folder.dir,
        `it was trained on the backbone "${backboneName}" (sha256 ${sha256.slice(0, 12)}…), which is not in the library`,
      );
    for (const [key, value] of Object.entries(backbone.architecture))
      if (architecture[key as keyof typeof architecture] !== value)
        throw mismatch(
          folder.dir,
          `its description says ${key} ${String(architecture[key as keyof typeof architecture])}, the backbone "${backbone.name}" has ${String(value)}`,
        );
    return backbone.id;
  }

  async remove(nameOrId: string): Promise<Adapter> {
    const adapter = this.get(nameOrId);
    await moveToBin(this.#c.folders, adapter.folder, adapter.id);
    this.#c.adapters.remove(adapter.id);
    return adapter;
  }

  tag(nameOrId: string, tags: readonly string[], options: { remove?: boolean } = {}): Adapter {
    const { id } = this.get(nameOrId);
    const tidy = tags.map((tag) => tag.trim().normalize('NFC'));
    for (const tag of tidy)
      if (tag === '' || tag.length > 50 || /[\p{Cc}\p{Cf},]/u.test(tag))
        throw new KarstError('usage', `"${tag}" cannot be a tag.`, {
          hint: 'A tag has 1 to 50 visible characters and no comma.',
        });
    if (options.remove === true) this.#c.tags.remove(id, tidy);
    else this.#c.tags.add(id, tidy);
    return this.get(id);
  }

  evaluations(nameOrId: string): StoredEvaluation[] {
    return this.#c.evaluations.of(this.get(nameOrId).id);
  }

  async evaluate(
    nameOrId: string,
    options: JobWatching & { dataset: string; split?: Split; batchSize?: number },
  ): Promise<AdapterEvaluation> {
    const adapter = this.get(nameOrId);
    const dataset = this.#c.datasets.get(options.dataset);
    const split = options.split ?? 'val';
    const images = splitImages(adapter, dataset, split, this.#c.datasets);
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
    this.#c.evaluations.insert(stored);
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
      await makeFolder(this.#c.folders.merged);
      out = join(
        this.#c.folders.merged,
        `${adapter.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}-${id}`,
      );
    } else out = resolve(options.out);
    await requireNewPath(out);
    const verification = await this.#mergeInto(adapter, out, options);
    const stored: StoredMerge = { id, adapterId: adapter.id, out, verification, createdAt: now() };
    this.#c.merges.insert(stored);
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
    const { datasets, runs } = this.#c;
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
    this.#c.exports.insert(stored);
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
    const { folders } = this.#c;
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
    const { spawn, cacheDir, graceMs, backbones, folders } = this.#c;
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

/** Copies the five files of an adapter, whole or not at all; anything else in the folder stays behind. */
async function copyAdapter(source: string, target: string): Promise<void> {
  await writeFolderAtomic(target, async (tmp) => {
    for (const name of ADAPTER_FILES) {
      const from = join(source, name);
      if ((await statOrNull(from)) === null) continue;
      await copyFile(from, join(tmp, name)).catch((error: unknown) => {
        throw writeError(join(target, name), error);
      });
    }
  });
}

function mismatch(path: string, why: string): KarstError {
  return new KarstError('backbone-mismatch', `The adapter ${path} cannot be taken: ${why}.`, {
    hint: 'Add the backbone it was trained on with `karst backbone add`, then import again.',
    path,
  });
}

function requireCount(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new KarstError('usage', `--${name} is ${value}; it is a whole number from 1.`, {
    hint: `For example --${name} 8.`,
  });
}
