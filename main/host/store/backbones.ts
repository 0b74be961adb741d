import { createHash } from 'node:crypto';
import {
  CONTAINER_FORMATS,
  SOURCE_KINDS,
  type BackboneFile,
} from '../../../shared/domain/backbone.ts';
import type { Backbone } from '../../../shared/domain/library.ts';
import { POSITION_RULES } from '../../../shared/domain/position-rule.ts';
import { withCurrentNames, type Architecture } from '../../../shared/models/registry.ts';
import type { Library, Row } from './library.ts';
import { findRow } from './names.ts';
import { json, number, oneOf, text, textOrNull } from './rows.ts';

function toBackbone(row: Row): Backbone {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    path: text(row, 'path'),
    sha256: text(row, 'sha256'),
    bytes: number(row, 'bytes'),
    modifiedMs: number(row, 'modified_ms'),
    files: json(row, 'files'),
    container: oneOf(row, 'container', CONTAINER_FORMATS),
    source: oneOf(row, 'source', SOURCE_KINDS),
    dtype: text(row, 'dtype') as Backbone['dtype'],
    architecture: withCurrentNames(json<Architecture>(row, 'architecture')),
    preprocessing: json(row, 'preprocessing'),
    timmName: textOrNull(row, 'timm_name'),
    headsFrom: text(row, 'heads_from') as Backbone['headsFrom'],
    preprocessingFrom: text(row, 'preprocessing_from') as Backbone['preprocessingFrom'],
    assumed: json(row, 'assumed'),
    positionRule: oneOf(row, 'position_rule', POSITION_RULES),
    labels: row['labels'] === null ? null : json(row, 'labels'),
    licence: textOrNull(row, 'licence'),
    revision: textOrNull(row, 'revision'),
    tensorPrefix: text(row, 'tensor_prefix'),
    createdAt: text(row, 'created_at'),
  };
}

/** Of weights and architecture, whatever the order of its fields. */
function networkHash({ sha256, architecture }: Pick<Backbone, 'sha256' | 'architecture'>): string {
  const fields = Object.entries(architecture).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(`${sha256}\n${JSON.stringify(fields)}`)
    .digest('hex');
}

/** Table `backbones`. */
export class BackboneRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  insert(b: Backbone): void {
    this.#library.run(
      `INSERT INTO backbones (id, name, path, sha256, network, bytes, modified_ms, files, container, source,
         dtype, architecture, preprocessing, timm_name, heads_from, preprocessing_from, assumed,
         position_rule, labels, licence, revision, tensor_prefix, created_at)
       VALUES (@id, @name, @path, @sha256, @network, @bytes, @modifiedMs, @files, @container, @source,
         @dtype, @architecture, @preprocessing, @timmName, @headsFrom, @preprocessingFrom, @assumed,
         @positionRule, @labels, @licence, @revision, @tensorPrefix, @createdAt)`,
      {
        ...b,
        network: networkHash(b),
        files: JSON.stringify(b.files),
        architecture: JSON.stringify(b.architecture),
        preprocessing: JSON.stringify(b.preprocessing),
        assumed: JSON.stringify(b.assumed),
        labels: b.labels === null ? null : JSON.stringify(b.labels),
      },
    );
  }

  /** Updates places, sizes and times of the files, after their hashes were verified. */
  relocate(id: string, files: readonly [BackboneFile, ...BackboneFile[]]): void {
    const [{ path, modifiedMs }] = files;
    this.#library.run(
      `UPDATE backbones SET path = @path, bytes = @bytes, modified_ms = @modifiedMs, files = @files
       WHERE id = @id`,
      {
        id,
        path,
        modifiedMs,
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        files: JSON.stringify(files),
      },
    );
  }

  rename(id: string, name: string): void {
    this.#library.run('UPDATE backbones SET name = @name WHERE id = @id', { id, name });
  }

  list(): Backbone[] {
    return this.#library.all('SELECT * FROM backbones ORDER BY created_at, id').map(toBackbone);
  }

  get(nameOrId: string): Backbone {
    return toBackbone(findRow(this.#library, 'backbone', nameOrId));
  }

  /** The networks of these weights, the first that was added first. */
  ofWeights(sha256: string): Backbone[] {
    return this.#library
      .all('SELECT * FROM backbones WHERE sha256 = @sha256 ORDER BY created_at, id', { sha256 })
      .map(toBackbone);
  }

  /** The runs and adapters that use it, including those in the bin, as `run "name"`. */
  dependants(id: string): string[] {
    return this.#library
      .all(
        `SELECT things.kind || ' "' || coalesce(bin.name || '" in the bin', things.name || '"') AS label
         FROM (SELECT 'the run' AS kind, id, name, created_at FROM runs WHERE backbone_id = @id
           UNION ALL SELECT 'the adapter', id, name, created_at FROM adapters WHERE backbone_id = @id) things
         LEFT JOIN bin ON bin.id = things.id
         ORDER BY things.created_at, things.id`,
        { id },
      )
      .map((row) => text(row, 'label'));
  }

  remove(id: string): void {
    this.#library.run('DELETE FROM backbones WHERE id = @id', { id });
  }
}
