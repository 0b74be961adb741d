import type { Library } from './library.ts';
import { now, text } from './rows.ts';

/** Table `notes`: one text a thing, whatever its kind. */
export class NoteRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** Empty where nothing was written. */
  of(subjectId: string): string {
    const row = this.#library.get('SELECT body FROM notes WHERE subject_id = @subjectId', {
      subjectId,
    });
    return row === undefined ? '' : text(row, 'body');
  }

  /** Puts `body` in the place of what was there; an empty one takes the note away. */
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
