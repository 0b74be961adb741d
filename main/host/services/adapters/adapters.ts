import { dirname, join, resolve } from 'node:path';
import type { FileAnswer } from '../../../../shared/contract/engine.ts';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type {
  Adapter,
  ExportFormat,
  PredictionRow,
  StoredEvaluation,
  StoredExport,
  StoredMerge,
} from '../../../../shared/domain/library.ts';
import type { Verification } from '../../../../shared/domain/metrics.ts';
import { packKarstFile } from '../../../formats/karst-file.ts';
import type { EvaluatedFile, EvaluatedFilter } from '../../store/evaluations.ts';
import { newId } from '../../store/names.ts';
import { now } from '../../store/rows.ts';
import type {
  AdapterEvaluation,
  AdapterResults,
  AdapterService,
  ExportOutcome,
  MergeOutcome,
  PredictionTable,
} from '../../contract/adapters.ts';
import type { JobWatching, Page } from '../../contract/watching.ts';
import { AdapterEngines } from './adapter-engines.ts';
import { fileNameFor, requireNewPath } from './adapter-jobs.ts';
import { AdapterShelf, copyAdapter, type AdaptersContext } from './adapter-shelf.ts';
import { Evaluations } from './evaluations.ts';
import { writingInto } from '../leftovers.ts';
import { Merging, type MergeOptions } from './merging.ts';
import { makeFolder } from '../paths.ts';
import { Predictions } from './predictions.ts';

/** The adapters of the library and what engines do with them: evaluate, predict, merge, export. */
export class Adapters extends AdapterShelf implements AdapterService {
  readonly #engines: AdapterEngines;
  readonly #evaluations: Evaluations;
  readonly #predictions: Predictions;
  readonly #merging: Merging;

  constructor(context: AdaptersContext) {
    super(context);
    this.#engines = new AdapterEngines(context);
    this.#evaluations = new Evaluations({ ...context, engines: this.#engines });
    this.#predictions = new Predictions(this.#engines, context);
    this.#merging = new Merging({ ...context, engines: this.#engines });
  }

  async evaluate(
    nameOrId: string,
    options: JobWatching & { dataset: string; split?: Split; batchSize?: number },
  ): Promise<AdapterEvaluation> {
    return this.#evaluations.measure(this.get(nameOrId), options);
  }

  evaluations(nameOrId: string): StoredEvaluation[] {
    return this.#evaluations.of(this.get(nameOrId));
  }

  allEvaluations(): StoredEvaluation[] {
    return this.#evaluations.list();
  }

  evaluation(id: string): StoredEvaluation {
    return this.#evaluations.get(id);
  }

  evaluationImages(
    id: string,
    filter: EvaluatedFilter,
    page: Page,
  ): { total: number; images: EvaluatedFile[] } {
    return this.#evaluations.images(id, filter, page);
  }

  results(nameOrId: string): AdapterResults {
    const { id } = this.get(nameOrId);
    const { merges, exports } = this.context;
    return {
      evaluations: this.#evaluations.of({ id }),
      merges: merges.of(id),
      exports: exports.of(id),
    };
  }

  async predict(
    nameOrId: string,
    options: JobWatching & { paths: readonly string[]; top?: number; batchSize?: number },
  ): Promise<PredictionRow[]> {
    return this.#predictions.ofPaths(this.get(nameOrId), options);
  }

  async predictFolder(
    nameOrId: string,
    options: JobWatching & { folder: string; out: string; top?: number; batchSize?: number },
  ): Promise<PredictionTable> {
    const adapter = this.get(nameOrId);
    return writingInto(this.context.folders, dirname(resolve(options.out)), () =>
      this.#predictions.ofFolder(adapter, options),
    );
  }

  async predictAtOnce(
    nameOrId: string,
    options: { paths: readonly string[]; top: number },
  ): Promise<readonly FileAnswer[]> {
    return this.#predictions.atOnce(this.get(nameOrId), options.paths, options.top);
  }

  async merge(
    nameOrId: string,
    options: MergeOptions & { out?: string } = {},
  ): Promise<MergeOutcome> {
    const adapter = this.get(nameOrId);
    const { folders, library, merges } = this.context;
    const id = newId('merge');
    if (options.out === undefined) {
      library.requireWritable();
      await makeFolder(folders.merged);
    }
    const out =
      options.out === undefined
        ? join(folders.merged, `${fileNameFor(adapter.name)}-${id}`)
        : resolve(options.out);
    const verification = await writingInto(folders, dirname(out), () =>
      this.#merging.intoFolder(adapter, out, options),
    );
    const stored: StoredMerge = { id, adapterId: adapter.id, out, verification, createdAt: now() };
    if (!library.readOnly) merges.insert(stored);
    return { out, verification, stored };
  }

  async export(
    nameOrId: string,
    options: MergeOptions & { format: ExportFormat; out: string },
  ): Promise<ExportOutcome> {
    const adapter = this.get(nameOrId);
    const { format } = options;
    const out = resolve(options.out);
    const verification = await writingInto(this.context.folders, dirname(out), () =>
      this.#export(adapter, out, options),
    );
    const stored: StoredExport = {
      id: newId('export'),
      adapterId: adapter.id,
      format,
      out,
      verification,
      createdAt: now(),
    };
    if (!this.context.library.readOnly) this.context.exports.insert(stored);
    return { out, verification, stored };
  }

  /** Returns null for what is copied as it is. */
  async #export(
    adapter: Adapter,
    out: string,
    options: MergeOptions & { format: ExportFormat },
  ): Promise<Verification | null> {
    switch (options.format) {
      case 'onnx':
      case 'savedmodel':
        throw new KarstError(
          'not-available',
          `Export to ${options.format === 'onnx' ? 'ONNX' : 'a TensorFlow SavedModel'} is not in this version yet.`,
          { hint: 'Export to safetensors, which timm and PyTorch load.' },
        );
      case 'adapter':
        await requireNewPath(out);
        await copyAdapter(adapter.folder, out);
        return null;
      case 'karst': {
        const { signal, onProgress } = options;
        await requireNewPath(out);
        await packKarstFile(adapter.folder, fileNameFor(adapter.name), out, {
          signal,
          onBytes: (done, total) => onProgress?.({ phase: 'packing', done, total }),
        });
        return null;
      }
      case 'safetensors':
        return this.#merging.intoFolder(adapter, out, options);
    }
  }

  override async remove(nameOrId: string): Promise<Adapter> {
    // An engine that keeps it ready has its files open, which some systems do not let move.
    await this.#predictions.release(this.get(nameOrId).id);
    return super.remove(nameOrId);
  }

  /** Ends the jobs under way and waits for them. */
  async close(): Promise<void> {
    await Promise.all([this.#engines.close(), this.#predictions.close()]);
  }
}
