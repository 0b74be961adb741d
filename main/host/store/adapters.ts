import type { AdapterFilter } from '../../../shared/contract/window/adapters.ts';
import type { Adapter, ParentAdapter } from '../../../shared/domain/library.ts';
import { AdapterSearch } from './adapter-search.ts';
import { NOT_BINNED } from './bin.ts';
import type { Library, Row } from './library.ts';
import { findRow } from './names.ts';
import { json, number, numberOrNull, text, textOrNull } from './rows.ts';
import type { TagRepository } from './tags.ts';

export type NewAdapter = Omit<Adapter, 'folder' | 'tags' | 'trainableParameters'>;

export interface AdapterPage {
  /** Number of matches. */
  readonly total: number;
  readonly adapters: readonly Adapter[];
}

/** Table `adapters`. Only `exists` finds those in the bin. */
export class AdapterRepository {
  readonly #library: Library;
  readonly #search: AdapterSearch;
  readonly #tags: TagRepository;
  readonly #folderOf: (id: string) => string;

  constructor(library: Library, tags: TagRepository, folderOf: (id: string) => string) {
    this.#library = library;
    this.#search = new AdapterSearch(library);
    this.#tags = tags;
    this.#folderOf = folderOf;
  }

  insert(a: NewAdapter): void {
    this.#library.transaction(() => {
      this.#library.run(
        `INSERT INTO adapters (id, name, method, backbone_id, backbone_name, backbone_sha256, run_id, parent_id, classes,
           adapter_parameters, head_parameters, bytes, top1, loss, created_at)
         VALUES (@id, @name, @method, @backboneId, @backboneName, @backboneSha256, @runId, @parentId, @classes,
           @adapterParameters, @headParameters, @bytes, @top1, @loss, @createdAt)`,
        { ...a, classes: JSON.stringify(a.classes) },
      );
      this.#search.refresh(a.id);
    });
  }

  /** Makes it found by its present name, tags and notes; after each change of these, in the same transaction. */
  refreshSearch(id: string): void {
    this.#search.refresh(id);
  }

  list(): Adapter[] {
    return this.#library
      .all(`SELECT * FROM adapters WHERE ${NOT_BINNED} ORDER BY created_at, id`)
      .map((row) => this.#toAdapter(row));
  }

  page(filter: AdapterFilter, offset: number, limit: number): AdapterPage {
    const { total, rows } = this.#search.page(filter, offset, limit);
    return { total, adapters: rows.map((row) => this.#toAdapter(row)) };
  }

  /** Every tag in use, in alphabetical order. */
  tags(): string[] {
    return this.#search.tags();
  }

  /** Adapters of an extended run, in order of creation. */
  ofRun(runId: string): Adapter[] {
    return this.#library
      .all(
        `SELECT * FROM adapters WHERE run_id = @runId AND ${NOT_BINNED} ORDER BY created_at, id`,
        { runId },
      )
      .map((row) => this.#toAdapter(row));
  }

  get(nameOrId: string): Adapter {
    return this.#toAdapter(findRow(this.#library, 'adapter', nameOrId));
  }

  /** What is known of the parent with that id; null without one. */
  parent(id: string | null): ParentAdapter | null {
    if (id === null) return null;
    // A binned adapter has its name in the bin.
    const row = this.#library.get(
      `SELECT coalesce(bin.name, adapters.name) AS name, bin.id IS NULL AS present
       FROM adapters LEFT JOIN bin ON bin.id = adapters.id WHERE adapters.id = @id`,
      { id },
    );
    return row === undefined
      ? { id, name: null, inLibrary: false }
      : { id, name: text(row, 'name'), inLibrary: number(row, 'present') === 1 };
  }

  /** Whether an adapter has that id, in the library or in its bin. */
  exists(id: string): boolean {
    return this.#library.get('SELECT 1 AS n FROM adapters WHERE id = @id', { id }) !== undefined;
  }

  rename(id: string, name: string): void {
    this.#library.transaction(() => {
      this.#library.run('UPDATE adapters SET name = @name WHERE id = @id', { id, name });
      this.#search.refresh(id);
    });
  }

  /** @param bytes of its folder with these names */
  setClasses(id: string, classes: readonly string[], bytes: number): void {
    this.#library.transaction(() => {
      this.#library.run('UPDATE adapters SET classes = @classes, bytes = @bytes WHERE id = @id', {
        ...{ id, bytes },
        classes: JSON.stringify(classes),
      });
      this.#search.refresh(id);
    });
  }

  #toAdapter(row: Row): Adapter {
    const id = text(row, 'id');
    const adapterParameters = number(row, 'adapter_parameters');
    const headParameters = number(row, 'head_parameters');
    return {
      id,
      name: text(row, 'name'),
      folder: this.#folderOf(id),
      method: text(row, 'method') as Adapter['method'],
      backboneId: textOrNull(row, 'backbone_id'),
      backboneName: text(row, 'backbone_name'),
      backboneSha256: text(row, 'backbone_sha256'),
      runId: textOrNull(row, 'run_id'),
      parentId: textOrNull(row, 'parent_id'),
      classes: json(row, 'classes'),
      adapterParameters,
      headParameters,
      trainableParameters: adapterParameters + headParameters,
      bytes: number(row, 'bytes'),
      top1: numberOrNull(row, 'top1'),
      loss: numberOrNull(row, 'loss'),
      tags: this.#tags.of(id),
      createdAt: text(row, 'created_at'),
    };
  }
}
