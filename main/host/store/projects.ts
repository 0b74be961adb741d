import type { Project } from '../../../shared/contract/window/projects.ts';
import { NOT_BINNED } from './bin.ts';
import type { Library, Row } from './library.ts';
import { findRow, newId } from './names.ts';
import type { NoteRepository } from './notes.ts';
import { now, number, numberOrNull, text, textOrNull } from './rows.ts';

/** The editable columns of a project's row. */
export interface ProjectChange {
  readonly name?: string;
  readonly archived?: boolean;
  readonly backboneId?: string | null;
}

/** Figures of a project derived from its runs. */
interface RunSummary {
  readonly ids: string[];
  bestTop1: number | null;
  changedAt: string;
}

const later = (a: string, b: string | null): string => (b !== null && b > a ? b : a);

/** Tables `projects` and `project_datasets`. */
export class ProjectRepository {
  readonly #library: Library;
  readonly #notes: NoteRepository;

  constructor(library: Library, notes: NoteRepository) {
    this.#library = library;
    this.#notes = notes;
  }

  insert(name: string): Project {
    const id = newId('project');
    this.#library.run(
      'INSERT INTO projects (id, name, created_at, updated_at) VALUES (@id, @name, @at, @at)',
      { id, name, at: now() },
    );
    return this.get(id);
  }

  /** Last changed first. */
  list(): Project[] {
    const runs = this.#runs(null);
    const datasets = this.#datasets(null);
    return this.#library
      .all('SELECT * FROM projects')
      .map((row) => this.#toProject(row, runs, datasets))
      .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0));
  }

  get(nameOrId: string): Project {
    const row = findRow(this.#library, 'project', nameOrId);
    const id = text(row, 'id');
    return this.#toProject(row, this.#runs(id), this.#datasets(id));
  }

  update(id: string, change: ProjectChange): void {
    if (change.name !== undefined)
      this.#library.run('UPDATE projects SET name = @name WHERE id = @id', {
        id,
        name: change.name,
      });
    if (change.archived !== undefined)
      this.#library.run('UPDATE projects SET archived = @archived WHERE id = @id', {
        id,
        archived: change.archived ? 1 : 0,
      });
    if (change.backboneId !== undefined)
      this.#library.run('UPDATE projects SET backbone_id = @backboneId WHERE id = @id', {
        id,
        backboneId: change.backboneId,
      });
    this.touch(id);
  }

  /** Updates its time of change. */
  touch(id: string): void {
    this.#library.run('UPDATE projects SET updated_at = @at WHERE id = @id', { id, at: now() });
  }

  /** False when it was attached already. */
  attach(id: string, datasetId: string): boolean {
    return (
      this.#library.run(
        `INSERT INTO project_datasets (project_id, dataset_id, attached_at) VALUES (@id, @datasetId, @at)
         ON CONFLICT DO NOTHING`,
        { id, datasetId, at: now() },
      ) === 1
    );
  }

  /** False when it was not attached. */
  detach(id: string, datasetId: string): boolean {
    return (
      this.#library.run(
        'DELETE FROM project_datasets WHERE project_id = @id AND dataset_id = @datasetId',
        { id, datasetId },
      ) === 1
    );
  }

  /** Copies the datasets of `from` to `to`, in order. */
  copyDatasets(from: string, to: string): void {
    this.#library.run(
      `INSERT INTO project_datasets (project_id, dataset_id, attached_at)
       SELECT @to, dataset_id, attached_at FROM project_datasets WHERE project_id = @from`,
      { from, to },
    );
  }

  /** By project, in one pass over the runs. */
  #runs(projectId: string | null): Map<string, RunSummary> {
    const rows = this.#library.all(
      `SELECT id, project_id, best_top1, created_at, started_at, ended_at FROM runs
       WHERE project_id IS NOT NULL AND (@projectId IS NULL OR project_id = @projectId) AND ${NOT_BINNED}
       ORDER BY created_at DESC, id DESC`,
      { projectId },
    );
    const summaries = new Map<string, RunSummary>();
    for (const row of rows) {
      const project = text(row, 'project_id');
      const summary = summaries.get(project) ?? { ids: [], bestTop1: null, changedAt: '' };
      summaries.set(project, summary);
      summary.ids.push(text(row, 'id'));
      const top1 = numberOrNull(row, 'best_top1');
      if (top1 !== null && (summary.bestTop1 === null || top1 > summary.bestTop1))
        summary.bestTop1 = top1;
      for (const column of ['created_at', 'started_at', 'ended_at'])
        summary.changedAt = later(summary.changedAt, textOrNull(row, column));
    }
    return summaries;
  }

  /** By project, in the order in which they were attached. */
  #datasets(projectId: string | null): Map<string, Row[]> {
    const rows = this.#library.all(
      `SELECT p.project_id, p.dataset_id, d.updated_at FROM project_datasets p
       JOIN datasets d ON d.id = p.dataset_id
       WHERE (@projectId IS NULL OR p.project_id = @projectId) AND d.${NOT_BINNED}
       ORDER BY p.attached_at, p.dataset_id`,
      { projectId },
    );
    const byProject = new Map<string, Row[]>();
    for (const row of rows) {
      const project = text(row, 'project_id');
      const list = byProject.get(project);
      if (list === undefined) byProject.set(project, [row]);
      else list.push(row);
    }
    return byProject;
  }

  #toProject(row: Row, runs: Map<string, RunSummary>, datasets: Map<string, Row[]>): Project {
    const id = text(row, 'id');
    const summary = runs.get(id);
    const members = datasets.get(id) ?? [];
    return {
      id,
      name: text(row, 'name'),
      notes: this.#notes.of(id),
      archived: number(row, 'archived') === 1,
      datasetIds: members.map((member) => text(member, 'dataset_id')),
      backboneId: textOrNull(row, 'backbone_id'),
      runIds: summary?.ids ?? [],
      bestTop1: summary?.bestTop1 ?? null,
      createdAt: text(row, 'created_at'),
      updatedAt: members.reduce(
        (latest, member) => later(latest, text(member, 'updated_at')),
        later(text(row, 'updated_at'), summary?.changedAt ?? null),
      ),
    };
  }
}
