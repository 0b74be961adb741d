import type { Library } from './library.ts';
import { findRow, newId } from './names.ts';
import { now, text } from './rows.ts';

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
}

/** Table `projects`: a name that datasets and runs can be gathered under. */
export class ProjectRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  insert(name: string): Project {
    const project = { id: newId('project'), name, createdAt: now() };
    this.#library.run(
      'INSERT INTO projects (id, name, created_at) VALUES (@id, @name, @createdAt)',
      project,
    );
    return project;
  }

  list(): Project[] {
    return this.#library.all('SELECT * FROM projects ORDER BY created_at, id').map((row) => ({
      id: text(row, 'id'),
      name: text(row, 'name'),
      createdAt: text(row, 'created_at'),
    }));
  }

  get(nameOrId: string): Project {
    const row = findRow(this.#library, 'project', nameOrId);
    return { id: text(row, 'id'), name: text(row, 'name'), createdAt: text(row, 'created_at') };
  }
}
