import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { PredictJob } from '../../../../shared/contract/engine/jobs.ts';
import type { FileAnswer } from '../../../../shared/contract/engine/messages.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Backbone, PredictionRow } from '../../../../shared/domain/library.ts';
import type { Predictor } from '../../../../shared/domain/predictor.ts';
import type { Prediction } from '../../../../shared/domain/metrics.ts';
import { makeFolder, writeError } from '../../../formats/files.ts';
import { temporaryName } from '../../../formats/temporary-files.ts';
import { WarmEngine, type WarmEngineOptions } from '../../engine/warm-engine.ts';
import type { PredictionService, PredictionTable } from '../../contract/adapters.ts';
import type { HomeFolders } from '../../home.ts';
import type { AdapterRepository } from '../../store/adapters.ts';
import { writingInto } from '../leftovers.ts';
import { statOf } from '../paths.ts';
import type { JobWatching, Watching } from '../../contract/watching.ts';
import type { Backbones } from '../backbones/backbones.ts';
import type { AdapterEngines } from './adapter-engines.ts';
import { allOf, askedFiles, requireCount, requireNewPath } from './adapter-jobs.ts';
import { imageFilesBelow, topOf, writePredictionTable, type TableRow } from './prediction-table.ts';

const DEFAULT_BATCH = 32;
const DEFAULT_TOP = 5;
/** Answers a file that a table has columns for. */
const MOST_COLUMNS = 100;
/** Rows of a table that its window shows. */
const SHOWN_ROWS = 100;

export interface PredictionsContext extends WarmEngineOptions {
  readonly adapters: Pick<AdapterRepository, 'get'>;
  readonly engines: AdapterEngines;
  readonly backbones: Pick<Backbones, 'get' | 'reference'>;
  readonly folders: HomeFolders;
}

/** A model that predicts. */
interface Subject {
  readonly id: string;
  readonly name: string;
  readonly labels: readonly string[];
  /** For an engine's job, after checking its files. */
  readonly model: (
    watching: Watching,
  ) => Promise<Pick<PredictJob, 'adapterDir' | 'backbone' | 'labels'>>;
}

/** Predicts files: many by a separate engine, a few by one that is kept loaded. */
export class Predictions implements PredictionService {
  readonly #c: PredictionsContext;
  readonly #warm: WarmEngine;

  constructor(context: PredictionsContext) {
    this.#c = context;
    this.#warm = new WarmEngine(context);
  }

  describe(model: string | Predictor): { name: string; labels: readonly string[] } {
    const { name, labels } = this.#subject(model);
    return { name, labels };
  }

  async ofPaths(
    model: string | Predictor,
    options: JobWatching & {
      paths: readonly string[];
      out?: string;
      top?: number;
      batchSize?: number;
    },
  ): Promise<PredictionRow[]> {
    const subject = this.#subject(model);
    if (options.out === undefined) return this.#rows(subject, options);
    const out = resolve(options.out);
    return writingInto(this.#c.folders, dirname(out), async () => {
      await requireNewPath(out, '--csv');
      const top = this.#columns(subject, options.top);
      const rows = await this.#rows(subject, { ...options, top });
      const table = rows.map(({ path, ...answer }): TableRow => ({ path, answer }));
      await writePredictionTable(out, null, table, top);
      return rows;
    });
  }

  async #rows(
    subject: Subject,
    options: JobWatching & { paths: readonly string[]; top?: number; batchSize?: number },
  ): Promise<PredictionRow[]> {
    const top = requireCount('top', options.top ?? DEFAULT_TOP);
    const batchSize = requireCount('batch-size', options.batchSize ?? DEFAULT_BATCH);
    const asked = await askedFiles(options.paths);
    const paths = [...new Set(asked.filter((f) => f.error === null).map((f) => f.path))];
    const answers = await this.#answers(subject, paths, top, batchSize, options);
    return asked.map(({ given, path, error }): PredictionRow =>
      error === null ? { path: given, ...answerFor(path, answers) } : { path: given, error },
    );
  }

  #subject(model: string | Predictor): Subject {
    const { kind, id } = typeof model === 'string' ? { kind: 'adapter', id: model } : model;
    const { adapters, engines } = this.#c;
    if (kind === 'backbone') return this.#backbone(id);
    const adapter = adapters.get(id);
    return {
      id: adapter.id,
      name: adapter.name,
      labels: adapter.classes,
      model: async (watching) => ({
        adapterDir: adapter.folder,
        backbone: await engines.backboneOf(adapter, watching),
      }),
    };
  }

  /** @throws not-available when it has no head */
  #backbone(nameOrId: string): Subject {
    const { backbones } = this.#c;
    const backbone = backbones.get(nameOrId);
    if (backbone.architecture.classes === 0)
      throw new KarstError(
        'not-available',
        `The backbone "${backbone.name}" has no head of its own: it knows no classes.`,
        { hint: 'Train an adapter on it, or choose one that was trained to classify.' },
      );
    const labels = ownLabels(backbone);
    return {
      id: backbone.id,
      name: backbone.name,
      labels,
      model: async (watching) => ({
        adapterDir: null,
        backbone: await backbones.reference(backbone, watching),
        labels,
      }),
    };
  }

  /** Predictions a row of a table. */
  #columns(subject: Subject, top = DEFAULT_TOP): number {
    return Math.min(requireCount('top', top, MOST_COLUMNS), subject.labels.length);
  }

  async ofFolder(
    model: string | Predictor,
    options: JobWatching & { folder: string; out: string; top?: number; batchSize?: number },
  ): Promise<PredictionTable> {
    const subject = this.#subject(model);
    return writingInto(this.#c.folders, dirname(resolve(options.out)), () =>
      this.#writeTable(subject, options),
    );
  }

  async #writeTable(
    subject: Subject,
    options: JobWatching & { folder: string; out: string; top?: number; batchSize?: number },
  ): Promise<PredictionTable> {
    const { signal, onProgress } = options;
    const top = this.#columns(subject, options.top);
    const batchSize = requireCount('batch-size', options.batchSize ?? DEFAULT_BATCH);
    const folder = resolve(options.folder);
    const out = resolve(options.out);
    await allOf(requireNewPath(out), statOf(folder));
    const { paths, unreadable } = await imageFilesBelow(folder, signal, (done) =>
      onProgress?.({ phase: 'listing', done, total: 0 }),
    );
    const answers = await this.#answers(subject, paths, top, batchSize, options);
    const rows = [
      ...paths.map((path): TableRow => ({ path, answer: answerFor(path, answers) })),
      ...unreadable,
    ];
    onProgress?.({ phase: 'saving', done: 0, total: rows.length });
    await writePredictionTable(out, folder, rows, top);
    return {
      out,
      images: rows.length,
      unreadable: rows.filter(({ answer }) => 'error' in answer).length,
      rows: rows.slice(0, SHOWN_ROWS).map((row) => topOf(row, folder)),
    };
  }

  async atOnce(
    model: string | Predictor,
    { paths, top }: { paths: readonly string[]; top: number },
  ): Promise<readonly FileAnswer[]> {
    requireCount('top', top);
    const subject = this.#subject(model);
    return paths.length === 0 ? [] : this.#ask(subject, paths, top);
  }

  async makeReady(model: string | Predictor): Promise<void> {
    await this.#ask(this.#subject(model), [], 1);
  }

  #ask(subject: Subject, paths: readonly string[], top: number): Promise<readonly FileAnswer[]> {
    return this.#warm.ask(
      subject.id,
      async () => ({ kind: 'interactive-predict', ...(await subject.model({})) }),
      paths,
      top,
    );
  }

  async ofPicture(
    model: string | Predictor,
    picture: Uint8Array,
    top: number,
  ): Promise<readonly Prediction[]> {
    const { work } = this.#c.folders;
    await makeFolder(work);
    const path = temporaryName(join(work, 'picture'));
    try {
      await writeFile(path, picture, { mode: 0o600 }).catch((error: unknown) => {
        throw writeError(path, error);
      });
      const [answer = { predictions: [] }] = await this.atOnce(model, { paths: [path], top });
      if ('predictions' in answer) return answer.predictions;
      // The picture is not named by the path where it is kept.
      const { code, message, hint } = answer.error;
      throw new KarstError(code, message.replaceAll(path, 'The picture'), { hint });
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Releases an adapter whose folder is about to move. */
  release(adapterId: string): Promise<void> {
    return this.#warm.release(adapterId);
  }

  /** Ends the warm engine. */
  close(): Promise<void> {
    return this.#warm.close();
  }

  async #answers(
    subject: Subject,
    paths: readonly string[],
    top: number,
    batchSize: number,
    watching: JobWatching,
  ): Promise<Map<string, FileAnswer>> {
    const answers = new Map<string, FileAnswer>();
    if (paths.length === 0) return answers;
    await this.#c.engines.runJob(
      {
        ...watching,
        onEvent: (event) => {
          if (event.type === 'prediction')
            answers.set(event.path, { predictions: event.predictions });
          else if (event.type === 'unreadable') answers.set(event.path, { error: event.error });
          watching.onEvent?.(event);
        },
      },
      async (guarded) => ({
        kind: 'predict',
        ...(await subject.model(guarded)),
        paths,
        top,
        batchSize,
      }),
    );
    return answers;
  }
}

/** Names of the classes of a backbone's own head; by their number where its files say none. */
function ownLabels({ architecture, labels }: Backbone): readonly string[] {
  if (labels?.length === architecture.classes) return labels;
  return Array.from({ length: architecture.classes }, (_, index) => `class ${index}`);
}

function answerFor(path: string, answers: ReadonlyMap<string, FileAnswer>): FileAnswer {
  const answer = answers.get(path);
  if (answer !== undefined) return answer;
  throw new KarstError('internal', `The engine returned no prediction for ${path}.`, {
    hint: 'This is a fault in KARST Studio: please report it with the log.',
    path,
  });
}
