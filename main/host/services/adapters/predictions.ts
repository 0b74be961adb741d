import { dirname, resolve } from 'node:path';
import type { FileAnswer } from '../../../../shared/contract/engine/messages.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Adapter, PredictionRow } from '../../../../shared/domain/library.ts';
import { WarmEngine, type WarmEngineOptions } from '../../engine/warm-engine.ts';
import type { PredictionService, PredictionTable } from '../../contract/adapters.ts';
import type { HomeFolders } from '../../home.ts';
import type { AdapterRepository } from '../../store/adapters.ts';
import { writingInto } from '../leftovers.ts';
import { statOf } from '../paths.ts';
import type { JobWatching } from '../../contract/watching.ts';
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
  readonly folders: HomeFolders;
}

/** Predicts files: many by a separate engine, a few by one that is kept loaded. */
export class Predictions implements PredictionService {
  readonly #c: PredictionsContext;
  readonly #warm: WarmEngine;

  constructor(context: PredictionsContext) {
    this.#c = context;
    this.#warm = new WarmEngine(context);
  }

  async ofPaths(
    nameOrId: string,
    options: JobWatching & {
      paths: readonly string[];
      out?: string;
      top?: number;
      batchSize?: number;
    },
  ): Promise<PredictionRow[]> {
    const adapter = this.#c.adapters.get(nameOrId);
    if (options.out === undefined) return this.#rows(adapter, options);
    const out = resolve(options.out);
    return writingInto(this.#c.folders, dirname(out), async () => {
      await requireNewPath(out, '--csv');
      const top = this.#columns(adapter, options.top);
      const rows = await this.#rows(adapter, { ...options, top });
      const table = rows.map(({ path, ...answer }): TableRow => ({ path, answer }));
      await writePredictionTable(out, null, table, top);
      return rows;
    });
  }

  async #rows(
    adapter: Adapter,
    options: JobWatching & { paths: readonly string[]; top?: number; batchSize?: number },
  ): Promise<PredictionRow[]> {
    const top = requireCount('top', options.top ?? DEFAULT_TOP);
    const batchSize = requireCount('batch-size', options.batchSize ?? DEFAULT_BATCH);
    const asked = await askedFiles(options.paths);
    const paths = [...new Set(asked.filter((f) => f.error === null).map((f) => f.path))];
    const answers = await this.#answers(adapter, paths, top, batchSize, options);
    return asked.map(({ given, path, error }): PredictionRow =>
      error === null ? { path: given, ...answerFor(path, answers) } : { path: given, error },
    );
  }

  /** Predictions a row of a table. */
  #columns(adapter: Adapter, top = DEFAULT_TOP): number {
    return Math.min(requireCount('top', top, MOST_COLUMNS), adapter.classes.length);
  }

  async ofFolder(
    nameOrId: string,
    options: JobWatching & { folder: string; out: string; top?: number; batchSize?: number },
  ): Promise<PredictionTable> {
    const adapter = this.#c.adapters.get(nameOrId);
    return writingInto(this.#c.folders, dirname(resolve(options.out)), () =>
      this.#writeTable(adapter, options),
    );
  }

  async #writeTable(
    adapter: Adapter,
    options: JobWatching & { folder: string; out: string; top?: number; batchSize?: number },
  ): Promise<PredictionTable> {
    const { signal, onProgress } = options;
    const top = this.#columns(adapter, options.top);
    const batchSize = requireCount('batch-size', options.batchSize ?? DEFAULT_BATCH);
    const folder = resolve(options.folder);
    const out = resolve(options.out);
    await allOf(requireNewPath(out), statOf(folder));
    const { paths, unreadable } = await imageFilesBelow(folder, signal, (done) =>
      onProgress?.({ phase: 'listing', done, total: 0 }),
    );
    const answers = await this.#answers(adapter, paths, top, batchSize, options);
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
    nameOrId: string,
    { paths, top }: { paths: readonly string[]; top: number },
  ): Promise<readonly FileAnswer[]> {
    const adapter = this.#c.adapters.get(nameOrId);
    requireCount('top', top);
    if (paths.length === 0) return [];
    return this.#warm.ask(
      adapter.id,
      async () => ({
        kind: 'interactive-predict',
        adapterDir: adapter.folder,
        backbone: await this.#c.engines.backboneOf(adapter),
      }),
      paths,
      top,
    );
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
    adapter: Adapter,
    paths: readonly string[],
    top: number,
    batchSize: number,
    watching: JobWatching,
  ): Promise<Map<string, FileAnswer>> {
    const answers = new Map<string, FileAnswer>();
    if (paths.length === 0) return answers;
    await this.#c.engines.run(
      adapter,
      {
        ...watching,
        onEvent: (event) => {
          if (event.type === 'prediction')
            answers.set(event.path, { predictions: event.predictions });
          else if (event.type === 'unreadable') answers.set(event.path, { error: event.error });
          watching.onEvent?.(event);
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
    return answers;
  }
}

function answerFor(path: string, answers: ReadonlyMap<string, FileAnswer>): FileAnswer {
  const answer = answers.get(path);
  if (answer !== undefined) return answer;
  throw new KarstError('internal', `The engine returned no prediction for ${path}.`, {
    hint: 'This is a fault in KARST Studio: please report it with the log.',
    path,
  });
}
