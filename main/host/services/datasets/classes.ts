import { classWithLabel } from '../../../../shared/domain/dataset-classes.ts';
import type { ClassEvent } from '../../../../shared/domain/class-history.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Dataset, DatasetClass } from '../../../../shared/domain/library.ts';
import type { ClassService } from '../../contract/datasets.ts';
import type { ClassRepository } from '../../store/classes.ts';
import type { DatasetRepository } from '../../store/datasets.ts';
import type { ImageRepository } from '../../store/images.ts';
import type { Library } from '../../store/library.ts';
import { nearNames } from '../../store/names.ts';
import type { ProblemRepository } from '../../store/problems.ts';
import { now } from '../../store/rows.ts';
import { checkClassName } from '../class-name.ts';
import { refreshFindings, requireClass, requireFreeClass } from './edits.ts';

export interface ClassesContext {
  readonly library: Library;
  readonly classes: ClassRepository;
  readonly datasets: DatasetRepository;
  readonly images: ImageRepository;
  readonly problems: ProblemRepository;
}

/** The classes of datasets: renamed, merged, left out; with their history. */
export class Classes implements ClassService {
  readonly #c: ClassesContext;

  constructor(context: ClassesContext) {
    this.#c = context;
  }

  history(dataset: string): ClassEvent[] {
    return this.#c.classes.events(this.#c.datasets.source(dataset).id);
  }

  named(nameOrId: string, wanted: string): DatasetClass {
    const dataset = this.#c.datasets.get(nameOrId);
    const name = wanted.normalize('NFC');
    const found = dataset.classes.find((one) => one.name === name);
    if (found !== undefined) return found;
    const near = nearNames(
      name,
      dataset.classes.map((one) => one.name),
    );
    throw new KarstError('not-found', `The dataset "${dataset.name}" has no class "${name}".`, {
      hint:
        near.length > 0
          ? `Did you mean ${near.map((n) => `"${n}"`).join(' or ')}?`
          : `\`karst dataset show ${dataset.name}\` lists its classes.`,
    });
  }

  mergedNamed(nameOrId: string, wanted: string): number {
    const name = wanted.normalize('NFC');
    const events = this.history(nameOrId);
    const merged = events.findLast((e) => e.kind === 'merged' && e.formerName === name);
    if (merged !== undefined) return merged.label;
    const names = [...new Set(events.flatMap((e) => (e.kind === 'merged' ? e.formerName : [])))];
    throw new KarstError('not-found', `No class "${name}" was merged into another.`, {
      hint:
        names.length === 0
          ? 'No class of the dataset was.'
          : `Merged were ${names.map((one) => `"${one}"`).join(', ')}.`,
    });
  }

  add(nameOrId: string, wanted: string): { label: number; dataset: Dataset } {
    const name = checkClassName(wanted);
    let label = 0;
    const dataset = this.#edit(nameOrId, (before) => {
      requireFreeClass(before, name);
      label = this.#c.classes.add(before.id, name, now());
    });
    return { label, dataset };
  }

  takeBack(nameOrId: string, label: number): Dataset {
    return this.#edit(nameOrId, ({ id }) => this.#c.classes.takeBack(id, label));
  }

  rename(nameOrId: string, label: number, wanted: string): Dataset {
    const name = checkClassName(wanted);
    return this.#edit(nameOrId, (dataset) => {
      const { name: former } = requireClass(dataset, label);
      if (name === former) return;
      requireFreeClass(
        dataset,
        name,
        `To make one class of both, merge "${former}" into "${name}".`,
      );
      this.#c.classes.rename(dataset.id, label, { from: former, to: name }, now());
    });
  }

  merge(nameOrId: string, label: number, into: number): Dataset {
    const { classes, images } = this.#c;
    return this.#edit(nameOrId, (dataset) => {
      const from = requireClass(dataset, label);
      const other = requireClass(dataset, into);
      if (from === other)
        throw new KarstError('usage', `The class "${from.name}" cannot be merged into itself.`, {
          hint: 'Choose another class.',
        });
      const moved = images.labels.move(dataset.id, label, into);
      classes.merge(
        dataset.id,
        { label, name: from.name },
        { label: into, name: other.name },
        moved,
        now(),
      );
    });
  }

  unmerge(nameOrId: string, label: number): Dataset {
    const { classes, images } = this.#c;
    return this.#edit(nameOrId, (dataset) => {
      const merged = classes.merged(dataset.id, label);
      if (merged === null)
        throw new KarstError(
          'not-found',
          `The dataset "${dataset.name}" has no merged class number ${label}.`,
          { hint: 'The merge may have been undone already.' },
        );
      const { into, name } = merged;
      if (classWithLabel(dataset, into) === undefined)
        throw new KarstError(
          'usage',
          `The class that "${name}" was merged into was itself merged into another one since.`,
          { hint: 'Undo that merge first.' },
        );
      requireFreeClass(dataset, name, 'Rename that one first.');
      classes.unmerge(dataset.id, { label, name }, merged, now());
      images.labels.moveBack(dataset.id, merged, label, into);
    });
  }

  setLeftOut(nameOrId: string, label: number, leftOut: boolean): Dataset {
    return this.#edit(nameOrId, (dataset) => {
      const found = requireClass(dataset, label);
      if (found.leftOut !== leftOut)
        this.#c.classes.setLeftOut(dataset.id, { label, name: found.name }, leftOut, now());
    });
  }

  #edit(nameOrId: string, work: (dataset: Dataset) => void): Dataset {
    const { library, datasets, images, problems } = this.#c;
    return library.transaction(() => {
      const dataset = datasets.get(nameOrId);
      work(dataset);
      datasets.touch(dataset.id);
      refreshFindings(datasets.get(dataset.id), images, problems);
      return datasets.get(dataset.id);
    });
  }
}
