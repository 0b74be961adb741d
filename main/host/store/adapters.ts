import type { Adapter } from '../../../shared/domain/library.ts';
import type { Library, Row } from './library.ts';
import { findRow } from './names.ts';
import { json, number, numberOrNull, text, textOrNull } from './rows.ts';
import type { TagRepository } from './tags.ts';

export type NewAdapter = Omit<Adapter, 'folder' | 'tags' | 'trainableParameters'>;

/** Table `adapters`. */
export class AdapterRepository {
  readonly #library: Library;
  readonly #tags: TagRepository;
  readonly #folderOf: (id: string) => string;

  constructor(library: Library, tags: TagRepository, folderOf: (id: string) => string) {
    this.#library = library;
    this.#tags = tags;
    this.#folderOf = folderOf;
  }

  insert(a: NewAdapter): void {
    this.#library.run(
      `INSERT INTO adapters (id, name, method, backbone_id, backbone_name, backbone_sha256, run_id, classes,
         adapter_parameters, head_parameters, bytes, top1, loss, created_at)
       VALUES (@id, @name, @method, @backboneId, @backboneName, @backboneSha256, @runId, @classes,
         @adapterParameters, @headParameters, @bytes, @top1, @loss, @createdAt)`,
      { ...a, classes: JSON.stringify(a.classes) },
    );
  }

  list(): Adapter[] {
    return this.#library
      .all('SELECT * FROM adapters ORDER BY created_at, id')
      .map((row) => this.#toAdapter(row));
  }

  get(nameOrId: string): Adapter {
    return this.#toAdapter(findRow(this.#library, 'adapter', nameOrId));
  }

  remove(id: string): void {
    this.#library.run('DELETE FROM adapters WHERE id = @id', { id });
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
