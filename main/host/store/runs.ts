import type { BackboneReference } from '../../../shared/contract/engine/jobs.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Run, RunState } from '../../../shared/domain/library.ts';
import { withCurrentNames } from '../../../shared/models/registry.ts';
import { completeConfig, type TrainingConfig } from '../../../shared/domain/training.ts';
import type { Owner } from '../owner.ts';
import { NOT_BINNED } from './bin.ts';
import type { Library, Row } from './library.ts';
import { findRow } from './names.ts';
import { json, number, numberOrNull, text, textOrNull } from './rows.ts';

/** The classes of a run in its dataset, as it was created. */
export interface RunClasses {
  readonly names: readonly string[];
  /** Null in older runs. */
  readonly labels: readonly number[] | null;
  readonly createdAt: string;
}

export interface NewRun {
  readonly id: string;
  readonly name: string;
  readonly projectId: string | null;
  readonly backboneId: string | null;
  /** As the run was created with it. */
  readonly backbone: BackboneReference;
  readonly datasetId: string;
  readonly datasetName: string;
  readonly classes: readonly string[];
  /** Their labels in the dataset. */
  readonly classLabels: readonly number[];
  readonly counts: Run['counts'];
  readonly config: TrainingConfig;
  /** The task, as in `shared/tasks`. */
  readonly task: string;
  readonly parentAdapterId: string | null;
  /** Of the frozen file list. */
  readonly manifestSha256: string;
  readonly createdAt: string;
}

export interface StoredRun extends Run {
  readonly backbone: BackboneReference;
  readonly manifestSha256: string;
  readonly owner: Owner | null;
  readonly projectId: string | null;
  /** Queue position: lower ones come first; null when not queued. */
  readonly queuePlace: number | null;
  /** The step at which it was last extended. */
  readonly extendedAt: number | null;
}

/** Progress reported by the engine; omitted keys are unchanged. */
export interface RunProgress {
  readonly state?: RunState;
  readonly step?: number;
  readonly epoch?: number;
  readonly checkpointStep?: number;
  readonly bestTop1?: number;
  readonly bestLoss?: number;
  readonly checkpointedBlocks?: number;
  readonly activeSeconds?: number;
}

const COLUMNS: Record<keyof RunProgress, string> = {
  state: 'state',
  step: 'step',
  epoch: 'epoch',
  checkpointStep: 'checkpoint_step',
  bestTop1: 'best_top1',
  bestLoss: 'best_loss',
  checkpointedBlocks: 'recomputed_blocks',
  activeSeconds: 'active_seconds',
};

/** Table `runs`. */
export class RunRepository {
  readonly #library: Library;
  readonly #folderOf: (id: string) => string;

  constructor(library: Library, folderOf: (id: string) => string) {
    this.#library = library;
    this.#folderOf = folderOf;
  }

  insert(r: NewRun): void {
    this.#library.run(
      `INSERT INTO runs (id, name, project_id, state, backbone_id, backbone, dataset_id, dataset_name, classes,
         class_labels, counts, config, task, parent_adapter_id, manifest_sha256, created_at)
       VALUES (@id, @name, @projectId, 'queued', @backboneId, @backbone, @datasetId, @datasetName, @classes,
         @classLabels, @counts, @config, @task, @parentAdapterId, @manifestSha256, @createdAt)`,
      {
        id: r.id,
        name: r.name,
        projectId: r.projectId,
        backboneId: r.backboneId,
        backbone: JSON.stringify(r.backbone),
        datasetId: r.datasetId,
        datasetName: r.datasetName,
        classes: JSON.stringify(r.classes),
        classLabels: JSON.stringify(r.classLabels),
        counts: JSON.stringify(r.counts),
        config: JSON.stringify(r.config),
        task: r.task,
        parentAdapterId: r.parentAdapterId,
        manifestSha256: r.manifestSha256,
        createdAt: r.createdAt,
      },
    );
  }

  list(): StoredRun[] {
    return this.#library
      .all(`SELECT * FROM runs WHERE ${NOT_BINNED} ORDER BY created_at, id`)
      .map((row) => this.#toRun(row));
  }

  /** null if it is not in the library, or if `id` is null. */
  find(id: string | null): StoredRun | null {
    if (id === null) return null;
    const row = this.#library.get(`SELECT * FROM runs WHERE id = @id AND ${NOT_BINNED}`, { id });
    return row === undefined ? null : this.#toRun(row);
  }

  /** The classes of a run as it was created, also of one in the bin; null if it is deleted. */
  classesOf(id: string): (RunClasses & { readonly datasetId: string | null }) | null {
    const row = this.#library.get(
      'SELECT dataset_id, classes, class_labels, created_at FROM runs WHERE id = @id',
      { id },
    );
    if (row === undefined) return null;
    return {
      datasetId: textOrNull(row, 'dataset_id'),
      names: json(row, 'classes'),
      labels: row['class_labels'] === null ? null : json<number[]>(row, 'class_labels'),
      createdAt: text(row, 'created_at'),
    };
  }

  get(nameOrId: string): StoredRun {
    return this.#toRun(findRow(this.#library, 'run', nameOrId, NOT_BINNED));
  }

  /** Queued runs, next first. */
  queued(): StoredRun[] {
    return this.#library
      .all(
        `SELECT * FROM runs WHERE queue_place IS NOT NULL AND ${NOT_BINNED} ORDER BY queue_place, id`,
      )
      .map((row) => this.#toRun(row));
  }

  /** Appends an idle run to the queue; false if it is in none of the states `from`. */
  enqueue(id: string, from: readonly RunState[]): boolean {
    return (
      this.#library.run(
        `UPDATE runs SET state = 'queued', error = NULL, request = NULL,
           queue_place = (SELECT coalesce(max(queue_place), 0) + 1 FROM runs)
         WHERE id = @id AND owner IS NULL AND state IN (${listed(from)})`,
        { id },
      ) === 1
    );
  }

  /**
   * Queues a run without an owner first; false if it is in none of the states `from`.
   * @param request sent to it as soon as it is executed
   */
  enqueueFirst(id: string, from: readonly RunState[], request: 'stop' | null): boolean {
    return (
      this.#library.run(
        `UPDATE runs SET state = 'queued', error = NULL, request = @request,
           queue_place = (SELECT coalesce(min(queue_place), 1) - 1 FROM runs)
         WHERE id = @id AND owner IS NULL AND state IN (${listed(from)})`,
        { id, request },
      ) === 1
    );
  }

  /** Removes a run from the queue; false if it is not queued (any more). */
  dequeue(id: string, state: RunState, error: ErrorReport | null): boolean {
    return (
      this.#library.run(
        `UPDATE runs SET state = @state, error = @error, queue_place = NULL, request = NULL
         WHERE id = @id AND owner IS NULL AND queue_place IS NOT NULL`,
        { id, state, error: error === null ? null : JSON.stringify(error) },
      ) === 1
    );
  }

  /** Sets the order of the queued runs. */
  order(ids: readonly string[]): void {
    ids.forEach((id, index) =>
      this.#library.run(
        'UPDATE runs SET queue_place = @place WHERE id = @id AND queue_place IS NOT NULL',
        { id, place: index + 1 },
      ),
    );
  }

  rename(id: string, name: string): void {
    this.#library.run('UPDATE runs SET name = @name WHERE id = @id', { id, name });
  }

  /**
   * Queues a finished run again, to continue from `step` with other settings; false if it has not
   * finished.
   */
  reopen(id: string, config: TrainingConfig, step: number): boolean {
    const ended: readonly RunState[] = ['done', 'stopped'];
    if (!this.enqueue(id, ended)) return false;
    this.#library.run('UPDATE runs SET config = @config, extended_at = @step WHERE id = @id', {
      id,
      config: JSON.stringify(config),
      step,
    });
    return true;
  }

  /**
   * Claims the run for `owner` if it is in one of the states `from`; false if another process was
   * faster.
   */
  claim(id: string, owner: Owner, from: readonly RunState[], at: string): boolean {
    return (
      this.#library.run(
        `UPDATE runs SET state = 'running', owner = @owner, error = NULL, queue_place = NULL,
           request = CASE state WHEN 'queued' THEN request END, started_at = coalesce(started_at, @at), ended_at = NULL
         WHERE id = @id AND owner IS NULL AND state IN (${listed(from)})`,
        { id, owner, at },
      ) === 1
    );
  }

  progress(id: string, progress: RunProgress): void {
    const keys = (Object.keys(progress) as (keyof RunProgress)[]).filter(
      (key) => progress[key] !== undefined,
    );
    if (keys.length === 0) return;
    const assignments = keys.map((key) => `${COLUMNS[key]} = @${key}`).join(', ');
    const values = Object.fromEntries(keys.map((key) => [key, progress[key] ?? null]));
    this.#library.run(`UPDATE runs SET ${assignments} WHERE id = @id`, { id, ...values });
  }

  /** Ends a session of the run and clears its owner. */
  finish(id: string, state: RunState, error: ErrorReport | null, at: string): void {
    this.#library.run(
      `UPDATE runs SET state = @state, error = @error, owner = NULL, request = NULL, ended_at = @at
       WHERE id = @id`,
      { id, state, error: error === null ? null : JSON.stringify(error), at },
    );
  }

  /** False if no process executes it. */
  request(id: string, request: 'stop'): boolean {
    return (
      this.#library.run('UPDATE runs SET request = @request WHERE id = @id AND owner IS NOT NULL', {
        id,
        request,
      }) === 1
    );
  }

  requested(id: string): string | null {
    const row = this.#library.get('SELECT request FROM runs WHERE id = @id', { id });
    return row === undefined ? null : textOrNull(row, 'request');
  }

  #unlessBinned(id: string | null): string | null {
    const binned = this.#library.get('SELECT 1 FROM bin WHERE id = @id', { id });
    return binned === undefined ? id : null;
  }

  #toRun(row: Row): StoredRun {
    const id = text(row, 'id');
    // An extended run has several adapters: the newest is its result.
    const adapter = this.#library.get(
      `SELECT id FROM adapters WHERE run_id = @id AND ${NOT_BINNED}
       ORDER BY created_at DESC, id DESC LIMIT 1`,
      { id },
    );
    const stored = json<BackboneReference>(row, 'backbone');
    const backbone = { ...stored, architecture: withCurrentNames(stored.architecture) };
    const config = completeConfig(json<object>(row, 'config'));
    return {
      id,
      name: text(row, 'name'),
      state: text(row, 'state') as RunState,
      method: config.tuning.method,
      backboneId: textOrNull(row, 'backbone_id'),
      backboneName: backbone.name,
      backbone,
      datasetId: this.#unlessBinned(textOrNull(row, 'dataset_id')),
      datasetName: text(row, 'dataset_name'),
      classes: json(row, 'classes'),
      counts: json(row, 'counts'),
      config,
      task: text(row, 'task'),
      manifestSha256: text(row, 'manifest_sha256'),
      folder: this.#folderOf(id),
      createdAt: text(row, 'created_at'),
      startedAt: textOrNull(row, 'started_at'),
      endedAt: textOrNull(row, 'ended_at'),
      // A run of an earlier version, which did not count them, has started and has none.
      activeSeconds: row['started_at'] === null ? 0 : numberOrNull(row, 'active_seconds'),
      step: number(row, 'step'),
      epoch: number(row, 'epoch'),
      checkpointStep: numberOrNull(row, 'checkpoint_step'),
      bestTop1: numberOrNull(row, 'best_top1'),
      bestLoss: numberOrNull(row, 'best_loss'),
      checkpointedBlocks: numberOrNull(row, 'recomputed_blocks'),
      adapterId: adapter === undefined ? null : text(adapter, 'id'),
      parentAdapterId: textOrNull(row, 'parent_adapter_id'),
      error: row['error'] === null ? null : json(row, 'error'),
      owner: textOrNull(row, 'owner'),
      projectId: textOrNull(row, 'project_id'),
      queuePlace: numberOrNull(row, 'queue_place'),
      extendedAt: numberOrNull(row, 'extended_at'),
    };
  }
}

const listed = (states: readonly RunState[]): string => states.map((s) => `'${s}'`).join(', ');
