import type { Library } from './library.ts';
import { newId } from './names.ts';
import { now, text } from './rows.ts';

export interface Note {
  readonly id: string;
  /** Id of any thing in the library. */
  readonly subjectId: string;
  readonly body: string;
  readonly createdAt: string;
}

/** Table `notes`. */
export class NoteRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  insert(subjectId: string, body: string): Note {
    const note = { id: newId('note'), subjectId, body, createdAt: now() };
    this.#library.run(
      'INSERT INTO notes (id, subject_id, body, created_at) VALUES (@id, @subjectId, @body, @createdAt)',
      note,
    );
    return note;
  }

  of(subjectId: string): Note[] {
    return this.#library
      .all('SELECT * FROM notes WHERE subject_id = @subjectId ORDER BY created_at, id', {
        subjectId,
      })
      .map((row) => ({
        id: text(row, 'id'),
        subjectId: text(row, 'subject_id'),
        body: text(row, 'body'),
        createdAt: text(row, 'created_at'),
      }));
  }
}
