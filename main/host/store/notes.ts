import type { Library } from './library.ts';
import { now, text } from './rows.ts';

/** Table `notes`: one text per item of any kind. */
export class NoteRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** Empty if there are none. */
  of(subjectId: string): string {
    const row = this.#library.get('SELECT body FROM notes WHERE subject_id = @subjectId', {
      subjectId,
    });
    return row === undefined ? '' : text(row, 'body');
  }

  /** Replaces the note with `body`; an empty one removes it. */
  write(subjectId: string, body: string): void {
    if (body === '')
      this.#library.run('DELETE FROM notes WHERE subject_id = @subjectId', { subjectId });
    else
      this.#library.run(
        `INSERT INTO notes (subject_id, body, updated_at) VALUES (@subjectId, @body, @at)
         ON CONFLICT (subject_id) DO UPDATE SET body = @body, updated_at = @at`,
        { subjectId, body, at: now() },
      );
  }
}
