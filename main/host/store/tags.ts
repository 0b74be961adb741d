import type { Library } from './library.ts';
import { text } from './rows.ts';

/** Table `tags`: words on adapters. */
export class TagRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  of(adapterId: string): string[] {
    return this.#library
      .all('SELECT tag FROM tags WHERE adapter_id = @adapterId ORDER BY tag', { adapterId })
      .map((row) => text(row, 'tag'));
  }

  add(adapterId: string, tags: readonly string[]): void {
    this.#library.transaction(() => {
      for (const tag of tags)
        this.#library.run(
          'INSERT INTO tags (adapter_id, tag) VALUES (@adapterId, @tag) ON CONFLICT DO NOTHING',
          { adapterId, tag },
        );
    });
  }

  remove(adapterId: string, tags: readonly string[]): void {
    this.#library.transaction(() => {
      for (const tag of tags)
        this.#library.run('DELETE FROM tags WHERE adapter_id = @adapterId AND tag = @tag', {
          adapterId,
          tag,
        });
    });
  }
}
