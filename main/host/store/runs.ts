import type { BackboneReference } from '../../../shared/contract/engine.ts';
import type { ErrorReport } from '../../../shared/domain/errors.ts';
import type { Run, RunState } from '../../../shared/domain/library.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import type { Owner } from '../owner.ts';
import type { Library, Row } from './library.ts';
import { findRow } from './names.ts';
import { json, number, numberOrNull, text, textOrNull } from './rows.ts';

export interface NewRun {
  readonly id: string;
  readonly name: string;
  readonly backboneId: string | null;
  /** As the run was created with it. */
  readonly backbone: BackboneReference;
  readonly datasetId: string;
  readonly datasetName: string;
  readonly classes: readonly string[];
  readonly counts: Run['counts'];
  readonly config: TrainingConfig;
  /** Of the frozen file list. */
  readonly manifestSha256: string;
  readonly createdAt: string;
}

export interface StoredRun extends Run {
  readonly backbone: BackboneReference;
  readonly manifestSha256: string;
  readonly owner: Owner | null;
}

/** What a running engine reports; keys left out stay as they are. */
export interface RunProgress {
  readonly state?: RunState;
  readonly step?: number;
  readonly epoch?: number;
  readonly checkpointStep?: number;
  readonly bestTop1?: number;
  readonly bestLoss?: number;
}

const COLUMNS: Record<keyof RunProgress, string> = {
  state: 'state',
  step: 'step',
  epoch: 'epoch',
  checkpointStep: 'checkpoint_step',
  bestTop1: 'best_top1',
  bestLoss: 'best_loss',
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
      `INSERT INTO runs (id, name, state, backbone_id, backbone, dataset_id, dataset_name, classes, counts,
         config, manifest_sha256, created_at)
       VALUES (@id, @name, 'queued', @backboneId, @backbone, @datasetId, @datasetName, @classes, @counts,
         @config, @manifestSha256, @createdAt)`,
      {
        id: r.id,
        name: r.name,
        backboneId: r.backboneId,
        backbone: JSON.stringify(r.backbone),
        datasetId: r.datasetId,
        datasetName: r.datasetName,
        classes: JSON.stringify(r.classes),
        counts: JSON.stringify(r.counts),
        config: JSON.stringify(r.config),
        manifestSha256: r.manifestSha256,
        createdAt: r.createdAt,
      },
    );
  }

  list(): StoredRun[] {
    return this.#library
      .all('SELECT * FROM runs ORDER BY created_at, id')
      .map((row) => this.#toRun(row));
  }

  get(nameOrId: string): StoredRun {
    return this.#toRun(findRow(this.#library, 'run', nameOrId));
  }

  /** Takes the run for `owner` if it is in one of `from`; false when somebody was faster. */
  claim(id: string, owner: Owner, from: readonly RunState[], at: string): boolean {
    const states = from.map((state) => `'${state}'`).join(', ');
    return (
      this.#library.run(
        `UPDATE runs SET state = 'running', owner = @owner, request = NULL, error = NULL,
           started_at = coalesce(started_at, @at), ended_at = NULL
         WHERE id = @id AND owner IS NULL AND state IN (${states})`,
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

  /** Ends a session of the run; nobody owns it afterwards. */
  finish(id: string, state: RunState, error: ErrorReport | null, at: string): void {
    this.#library.run(
      `UPDATE runs SET state = @state, error = @error, owner = NULL, request = NULL, ended_at = @at
       WHERE id = @id`,
      { id, state, error: error === null ? null : JSON.stringify(error), at },
    );
  }

  /** False when nobody executes it. */
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

  remove(id: string): void {
    this.#library.run('DELETE FROM runs WHERE id = @id', { id });
  }

  #toRun(row: Row): StoredRun {
    const id = text(row, 'id');
    const adapter = this.#library.get('SELECT id FROM adapters WHERE run_id = @id', { id });
    const backbone = json<BackboneReference>(row, 'backbone');
    const config = json<TrainingConfig>(row, 'config');
    return {
      id,
      name: text(row, 'name'),
      state: text(row, 'state') as RunState,
      method: config.method,
      backboneId: textOrNull(row, 'backbone_id'),
      backboneName: backbone.name,
      backbone,
      datasetId: textOrNull(row, 'dataset_id'),
      datasetName: text(row, 'dataset_name'),
      classes: json(row, 'classes'),
      counts: json(row, 'counts'),
      config,
      manifestSha256: text(row, 'manifest_sha256'),
      folder: this.#folderOf(id),
      createdAt: text(row, 'created_at'),
      startedAt: textOrNull(row, 'started_at'),
      endedAt: textOrNull(row, 'ended_at'),
      step: number(row, 'step'),
      epoch: number(row, 'epoch'),
      checkpointStep: numberOrNull(row, 'checkpoint_step'),
      bestTop1: numberOrNull(row, 'best_top1'),
      bestLoss: numberOrNull(row, 'best_loss'),
      adapterId: adapter === undefined ? null : text(adapter, 'id'),
      error: row['error'] === null ? null : json(row, 'error'),
      owner: textOrNull(row, 'owner'),
    };
  }
}
