import type { ClassNote } from '../../../../shared/domain/class-history.ts';
import { classNameOf, usedClasses } from '../../../../shared/domain/dataset-classes.ts';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Adapter, Dataset } from '../../../../shared/domain/library.ts';
import type { ClassRepository } from '../../store/classes.ts';
import type { RunRepository } from '../../store/runs.ts';
import {
  labelsByName,
  labelsOfRun,
  presentLabels,
  type ClassHistory,
} from '../datasets/class-history.ts';

/** Finds the classes of adapters in datasets, through the history of the dataset's classes. */
export class KnownClasses {
  readonly #classes: Pick<ClassRepository, 'events'>;
  readonly #runs: Pick<RunRepository, 'classesOf'>;

  constructor(classes: Pick<ClassRepository, 'events'>, runs: Pick<RunRepository, 'classesOf'>) {
    this.#classes = classes;
    this.#runs = runs;
  }

  /**
   * The present label in the dataset of each of the adapter's classes, in their order; null for one
   * that the dataset does not have. Classes that were merged since have the same label. By the
   * labels of the adapter's run when that was on this dataset, else by name.
   */
  labels(adapter: Pick<Adapter, 'classes' | 'runId'>, dataset: Dataset): (number | null)[] {
    const history = this.#historyOf(dataset);
    return presentLabels(history, this.#learnt(history, adapter, dataset));
  }

  /**
   * For each label of the dataset that the adapter knows, which of its classes stands for it. Of
   * classes that were merged it is the one that the others became, whatever it is called now; the
   * first if the adapter never had that one.
   */
  rows(adapter: Pick<Adapter, 'classes' | 'runId'>, dataset: Dataset): Map<number, number> {
    const history = this.#historyOf(dataset);
    const learnt = this.#learnt(history, adapter, dataset);
    const rows = new Map<number, number>();
    presentLabels(history, learnt).forEach((label, row) => {
      if (label !== null && (!rows.has(label) || learnt[row] === label)) rows.set(label, row);
    });
    return rows;
  }

  #historyOf(dataset: Dataset): ClassHistory {
    return {
      names: new Map(dataset.classes.map(({ index, name }) => [index, name])),
      events: this.#classes.events(dataset.id),
    };
  }

  /** The labels that the adapter's classes had in the dataset when it learnt them. */
  #learnt(
    history: ClassHistory,
    adapter: Pick<Adapter, 'classes' | 'runId'>,
    dataset: Dataset,
  ): (number | null)[] {
    const run = adapter.runId === null ? null : this.#runs.classesOf(adapter.runId);
    return run?.datasetId === dataset.id
      ? labelsOfRun(history, run)
      : labelsByName(history, adapter.classes);
  }
}

/** The classes that an adapter is evaluated on. */
export interface EvaluatedClasses {
  readonly names: readonly string[];
  /** The evaluated class of each of the adapter's classes. */
  readonly of: readonly number[];
  /** By labels of the dataset; without classes that are left out. */
  readonly indices: ReadonlyMap<number, number>;
  readonly notes: readonly ClassNote[];
}

/**
 * Evaluated classes are those of the dataset where the adapter knows them, under their present
 * names, and the adapter's own where it does not.
 * @param labels as `KnownClasses.labels` gives them
 * @throws dataset-unusable when the adapter knows none of the split's classes
 */
export function evaluatedClasses(
  adapter: Pick<Adapter, 'name' | 'classes'>,
  dataset: Dataset,
  labels: readonly (number | null)[],
  split: Split,
): EvaluatedClasses {
  requireKnown(adapter, dataset, labels, split);
  const places = new Map<number, number>();
  const names: string[] = [];
  const members: string[][] = [];
  const of = adapter.classes.map((own, i) => {
    const label = labels[i] ?? null;
    const place = (label === null ? undefined : places.get(label)) ?? names.length;
    if (place === names.length) {
      names.push(label === null ? own : classNameOf(dataset, label));
      members.push([]);
      if (label !== null) places.set(label, place);
    }
    members[place]?.push(own);
    return place;
  });
  const leftOut = dataset.classes.filter((one) => one.leftOut && places.has(one.index));
  const unknown = usedClasses(dataset).filter((one) => !places.has(one.index) && one[split] > 0);
  return {
    names,
    of,
    indices: new Map([...places].filter(([label]) => !leftOut.some((c) => c.index === label))),
    notes: [
      ...names.flatMap((name, place) => changeOf(name, members[place] ?? [])),
      ...leftOut.map(({ name }): ClassNote => ({ kind: 'left-out', name })),
      ...unknown.map((c): ClassNote => ({ kind: 'unknown', name: c.name, images: c[split] })),
    ],
  };
}

/** What became of the classes that an adapter knows by these names. */
function changeOf(name: string, known: readonly string[]): ClassNote[] {
  const others = known.filter((own) => own !== name);
  const [former] = others;
  if (former === undefined) return [];
  return known.length === 1
    ? [{ kind: 'renamed', former, name }]
    : [{ kind: 'merged', former: others, name }];
}

/**
 * An adapter's class for each label of the dataset that it knows; one of several that were merged.
 * @throws dataset-unusable when it knows none of the split's classes
 */
export function indicesOf(
  adapter: Pick<Adapter, 'name' | 'classes'>,
  dataset: Dataset,
  labels: readonly (number | null)[],
  split: Split,
): Map<number, number> {
  requireKnown(adapter, dataset, labels, split);
  return new Map(labels.flatMap((label, i) => (label === null ? [] : [[label, i]])));
}

function requireKnown(
  adapter: Pick<Adapter, 'name'>,
  dataset: Dataset,
  labels: readonly (number | null)[],
  split: Split,
): void {
  const there = usedClasses(dataset).filter((one) => one[split] > 0);
  if (there.length === 0 || there.some(({ index }) => labels.includes(index))) return;
  const names = there.map(({ name }) => `"${name}"`);
  throw new KarstError(
    'dataset-unusable',
    `The adapter "${adapter.name}" does not know ${names.length === 1 ? 'the class' : `any of the ${names.length} classes`} of the dataset "${dataset.name}": ${names
      .slice(0, 5)
      .join(', ')}${names.length > 5 ? ', …' : ''}.`,
    { hint: 'Use a dataset whose classes have the names the adapter was trained with.' },
  );
}
