import type { ClassEvent } from '../../../shared/domain/class-history.ts';
import type { MovedImages } from './image-labels.ts';
import type { Library } from './library.ts';
import { json, number, numberOrNull, oneOf, text, textOrNull } from './rows.ts';
import { CLASS_EVENT_KINDS } from '../../../shared/domain/class-history.ts';

/** What was of a merged class, so that the merge can be undone exactly. */
export interface MergedClass extends MovedImages {
  readonly name: string;
  /** Names in the sources whose images belonged to it. */
  readonly sources: readonly string[];
}

type NewEvent = Omit<ClassEvent, 'images' | 'formerName' | 'intoLabel'> &
  Partial<Pick<ClassEvent, 'formerName' | 'intoLabel'>> & { readonly merged?: MergedClass };

/**
 * Tables `classes`, `class_events` and `class_sources`. A method that changes a class enters what
 * it did as an event; call it within a transaction.
 */
export class ClassRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** In order. */
  events(datasetId: string): ClassEvent[] {
    return this.#library
      .all(
        `SELECT *, coalesce(json_array_length(images, '$.moved'), 0)
             + coalesce(json_array_length(images, '$.both'), 0) AS moved
         FROM class_events WHERE dataset_id = @datasetId ORDER BY position`,
        { datasetId },
      )
      .map((row) => ({
        at: text(row, 'at'),
        kind: oneOf(row, 'kind', CLASS_EVENT_KINDS),
        label: number(row, 'label'),
        formerName: textOrNull(row, 'former_name'),
        name: text(row, 'name'),
        intoLabel: numberOrNull(row, 'into_label'),
        images: number(row, 'moved'),
      }));
  }

  #record(datasetId: string, { merged, ...event }: NewEvent): void {
    this.#library.run(
      `INSERT INTO class_events (dataset_id, position, at, kind, label, former_name, name, into_label, images)
       SELECT @datasetId, coalesce(max(position), -1) + 1, @at, @kind, @label, @formerName, @name,
         @intoLabel, @images
       FROM class_events WHERE dataset_id = @datasetId`,
      {
        datasetId,
        formerName: null,
        intoLabel: null,
        ...event,
        images: merged === undefined ? null : JSON.stringify(merged),
      },
    );
  }

  /**
   * A new class; the images of that name in the sources are its own.
   * @returns its label, which no class of the dataset ever had, unless it was taken back
   */
  add(datasetId: string, name: string, at: string): number {
    const row = this.#library.get(
      `SELECT max(coalesce((SELECT max(label) FROM classes WHERE dataset_id = @datasetId), -1),
                  coalesce((SELECT max(label) FROM class_events WHERE dataset_id = @datasetId), -1))
         + 1 AS label`,
      { datasetId },
    );
    const label = row === undefined ? 0 : number(row, 'label');
    this.#insert(datasetId, label, name);
    this.link(datasetId, name, label);
    this.#record(datasetId, { at, kind: 'added', label, name });
    return label;
  }

  /**
   * Removes an added class without a trace, unless something came of it: an image or a source has
   * it, it was changed, or a run learned it. Its label may be given again then.
   */
  takeBack(datasetId: string, label: number): void {
    const which = { datasetId, label };
    const added = this.#library.get(
      `SELECT 1 FROM class_events
       WHERE dataset_id = @datasetId AND label = @label AND kind = 'added'`,
      which,
    );
    const came = this.#library.get(
      `SELECT 1 FROM class_events WHERE dataset_id = @datasetId
         AND (into_label = @label OR (label = @label AND kind <> 'added'))
       UNION ALL SELECT 1 FROM image_counts
         WHERE dataset_id = @datasetId AND label = @label AND images > 0
       UNION ALL SELECT 1 FROM further_counts
         WHERE dataset_id = @datasetId AND label = @label AND images > 0
       UNION ALL SELECT 1 FROM dataset_sources WHERE dataset_id = @datasetId AND label = @label
       UNION ALL SELECT 1 FROM runs JOIN json_each(runs.class_labels) learned
         WHERE runs.dataset_id = @datasetId AND learned.value = @label
       LIMIT 1`,
      which,
    );
    if (added === undefined || came !== undefined) return;
    for (const table of ['class_events', 'class_sources', 'classes'])
      this.#library.run(
        `DELETE FROM ${table} WHERE dataset_id = @datasetId AND label = @label`,
        which,
      );
  }

  /** The labels of the classes that names in the sources belong to. */
  sources(datasetId: string): Map<string, number> {
    const rows = this.#library.all(
      'SELECT name, label FROM class_sources WHERE dataset_id = @datasetId',
      { datasetId },
    );
    return new Map(rows.map((row) => [text(row, 'name'), number(row, 'label')]));
  }

  /** Gives a name in the sources to a class, unless it has one. */
  link(datasetId: string, name: string, label: number): void {
    this.#library.run(
      `INSERT INTO class_sources (dataset_id, name, label) VALUES (@datasetId, @name, @label)
       ON CONFLICT DO NOTHING`,
      { datasetId, name, label },
    );
  }

  #insert(datasetId: string, label: number, name: string): void {
    this.#library.run(
      'INSERT INTO classes (dataset_id, label, name) VALUES (@datasetId, @label, @name)',
      { datasetId, label, name },
    );
  }

  rename(datasetId: string, label: number, names: { from: string; to: string }, at: string): void {
    this.#library.run(
      'UPDATE classes SET name = @to WHERE dataset_id = @datasetId AND label = @label',
      { datasetId, label, to: names.to },
    );
    const { from: formerName, to: name } = names;
    this.#record(datasetId, { at, kind: 'renamed', label, formerName, name });
  }

  setLeftOut(
    datasetId: string,
    { label, name }: { label: number; name: string },
    leftOut: boolean,
    at: string,
  ): void {
    this.#library.run(
      'UPDATE classes SET left_out = @leftOut WHERE dataset_id = @datasetId AND label = @label',
      { datasetId, label, leftOut: Number(leftOut) },
    );
    this.#record(datasetId, { at, kind: leftOut ? 'left-out' : 'included', label, name });
  }

  /** Removes a class whose images have another label already; the other class gets its sources. */
  merge(
    datasetId: string,
    from: { readonly label: number; readonly name: string },
    into: { readonly label: number; readonly name: string },
    images: MovedImages,
    at: string,
  ): void {
    const which = { datasetId, label: from.label };
    const sources = this.#library
      .all('SELECT name FROM class_sources WHERE dataset_id = @datasetId AND label = @label', which)
      .map((row) => text(row, 'name'));
    this.#library.run(
      'UPDATE class_sources SET label = @into WHERE dataset_id = @datasetId AND label = @label',
      { ...which, into: into.label },
    );
    this.#library.run(
      'DELETE FROM classes WHERE dataset_id = @datasetId AND label = @label',
      which,
    );
    this.#record(datasetId, {
      ...{ at, kind: 'merged', label: from.label, formerName: from.name },
      ...{
        name: into.name,
        intoLabel: into.label,
        merged: { ...images, name: from.name, sources },
      },
    });
  }

  /** What was of a merged class, by its latest merge; null if that is undone, or none was. */
  merged(datasetId: string, label: number): (MergedClass & { readonly into: number }) | null {
    const row = this.#library.get(
      `SELECT kind, into_label, images FROM class_events
       WHERE dataset_id = @datasetId AND label = @label AND kind IN ('merged', 'unmerged')
       ORDER BY position DESC LIMIT 1`,
      { datasetId, label },
    );
    if (row === undefined || text(row, 'kind') === 'unmerged') return null;
    return { ...json<MergedClass>(row, 'images'), into: number(row, 'into_label') };
  }

  /** Brings a merged class back, without its images. */
  unmerge(
    datasetId: string,
    { label, name }: { label: number; name: string },
    { into, sources }: { readonly into: number; readonly sources: readonly string[] },
    at: string,
  ): void {
    this.#insert(datasetId, label, name);
    this.#library.run(
      `UPDATE class_sources SET label = @label WHERE dataset_id = @datasetId AND label = @into
         AND name IN (SELECT value FROM json_each(@sources))`,
      { datasetId, label, into, sources: JSON.stringify(sources) },
    );
    this.#record(datasetId, { at, kind: 'unmerged', label, name, intoLabel: into });
  }
}
