import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { classWithLabel } from '../../../../../shared/domain/dataset-classes.ts';
import { KarstError } from '../../../../../shared/domain/errors.ts';
import type { Dataset, DatasetChanges } from '../../../../../shared/domain/library.ts';
import { FINDING_KINDS } from '../../../../../shared/domain/problem-kinds.ts';
import type {
  DatasetGrowth,
  GrowthService,
  PlannedGrowth,
  SourceOptions,
  TargetClass,
} from '../../../contract/datasets.ts';
import type { Watching } from '../../../contract/watching.ts';
import type { ClassRepository } from '../../../store/classes.ts';
import type { DatasetRepository } from '../../../store/datasets.ts';
import type { ImageRepository } from '../../../store/images.ts';
import type { Library } from '../../../store/library.ts';
import type { ProblemRepository } from '../../../store/problems.ts';
import { now } from '../../../store/rows.ts';
import type { DatasetSource, SourceRepository } from '../../../store/sources.ts';
import { checkClassName } from '../../class-name.ts';
import { presentLabel } from '../class-history.ts';
import { refreshFindings, requireClass, requireFreeClass } from '../edits.ts';
import { sortClasses } from '../listing.ts';
import { givenSplitsAfter, readFiles, storeImages } from './apply.ts';
import { compareListing } from './compare.ts';
import {
  joined,
  listForClass,
  listSource,
  listSources,
  type Belonging,
  type SourceListing,
} from './listed.ts';
import { findChanges, NO_FINDINGS, type FileFindings, type GrowthPlan } from './plan.ts';

export interface GrowthContext {
  readonly library: Library;
  readonly datasets: DatasetRepository;
  readonly images: ImageRepository;
  readonly problems: ProblemRepository;
  readonly classes: ClassRepository;
  readonly sources: SourceRepository;
}

/**
 * Datasets that take what is new in their sources, and images from elsewhere. Everything is found
 * first and shown, and then stored in one transaction, so that a dataset is never half updated.
 */
export class Growth implements GrowthService {
  readonly #c: GrowthContext;
  /** The latest plan of each dataset. */
  readonly #plans = new Map<string, { readonly token: string; readonly plan: GrowthPlan }>();

  constructor(context: GrowthContext) {
    this.#c = context;
  }

  async planUpdate(
    nameOrId: string,
    options: Watching & SourceOptions = {},
  ): Promise<PlannedGrowth> {
    const dataset = this.#c.datasets.get(nameOrId);
    const { id } = dataset;
    const [first, ...others] = this.#c.sources.list(id);
    const sources = [answered(first ?? sourceAt(dataset.path), options), ...others];
    const listing = await listSources(this.#withPresentLabels(dataset, sources), options);
    const findings = await findChanges(id, this.#c.images, options);
    return this.#plan(dataset, { sources, listing, findings, isUpdate: true });
  }

  /** Sources of a class that was merged belong to the one that it is part of. */
  #withPresentLabels(
    { id, classes }: Dataset,
    sources: readonly DatasetSource[],
  ): readonly DatasetSource[] {
    const names = new Map(classes.map(({ index, name }) => [index, name]));
    const history = { names, events: this.#c.classes.events(id) };
    return sources.map((source) =>
      source.label === null ? source : { ...source, label: presentLabel(history, source.label) },
    );
  }

  async planAddition(
    nameOrId: string,
    paths: readonly string[],
    options: Watching & SourceOptions & { into?: TargetClass } = {},
  ): Promise<PlannedGrowth> {
    const dataset = this.#c.datasets.get(nameOrId);
    const { into } = options;
    const belongs = into === undefined ? null : belongingTo(dataset, into);
    const listings: SourceListing[] = [];
    const added: GrowthPlan['sources'][number][] = [];
    for (const path of new Set(paths.map((given) => resolve(given)))) {
      if (belongs === null) {
        const source = answered(sourceAt(path), options);
        listings.push(await listSource(source, options));
        added.push(source);
      } else {
        listings.push(await listForClass(path, belongs, options));
        const label = belongs.kind === 'class' ? belongs.label : null;
        const newClass = belongs.kind === 'new-class' ? { newClass: belongs.name } : {};
        added.push({ ...sourceAt(path), label, ...newClass });
      }
    }
    const listing = joined(listings);
    if (listing.images.length === 0)
      throw new KarstError('dataset-unusable', `There are no images in ${paths.join(', ')}.`, {
        hint: 'Choose image files, or a folder that holds some.',
      });
    const before = this.#c.sources.list(dataset.id);
    const sources = [
      ...before,
      ...added.filter(
        ({ path, label }) => !before.some((s) => s.path === path && s.label === label),
      ),
    ];
    return this.#plan(dataset, { sources, listing, findings: NO_FINDINGS, isUpdate: false });
  }

  #plan(
    dataset: Dataset,
    found: Pick<GrowthPlan, 'sources' | 'isUpdate'> & {
      readonly listing: SourceListing;
      readonly findings: FileFindings;
    },
  ): PlannedGrowth {
    const { listing, findings, sources, isUpdate } = found;
    const { id: datasetId } = dataset;
    const { fresh, known, unlisted } = compareListing(
      this.#c.images.all(datasetId),
      listing.images,
    );
    const { counts, absent, ...files } = findings;
    const changes: DatasetChanges = {
      added: fresh.length,
      classes: this.#classesOf(dataset, fresh),
      ...counts,
      known: isUpdate ? 0 : known,
      unlisted: isUpdate ? unlisted.filter((position) => !absent.has(position)).length : 0,
    };
    const token = randomUUID();
    const plan: GrowthPlan = {
      ...{ datasetId, sources, fresh, isUpdate, changes, ...files },
      images: this.#c.images.count(datasetId),
      problems: listing.problems,
    };
    this.#plans.set(datasetId, { token, plan });
    return { token, dataset, changes };
  }

  /** The classes that images join, those of the dataset first. */
  #classesOf(dataset: Dataset, fresh: GrowthPlan['fresh']): DatasetChanges['classes'] {
    const known = this.#c.classes.sources(dataset.id);
    const counts = new Map<string, { name: string; images: number; isNew: boolean }>();
    for (const { belongs } of fresh) {
      const label = labelOf(dataset, known, belongs);
      const name =
        label === null && 'name' in belongs
          ? belongs.name
          : (classWithLabel(dataset, label ?? -1)?.name ?? '');
      const one = counts.get(name) ?? { name, images: 0, isNew: label === null };
      counts.set(name, { ...one, images: one.images + 1 });
    }
    const names = sortClasses(counts.keys(), true);
    const all = names.flatMap((name) => counts.get(name) ?? []);
    return [...all.filter(({ isNew }) => !isNew), ...all.filter(({ isNew }) => isNew)];
  }

  async apply(token: string, watching: Watching = {}): Promise<DatasetGrowth> {
    const plan = [...this.#plans.values()].find((one) => one.token === token)?.plan;
    if (plan === undefined) throw outdated();
    const { library, images } = this.#c;
    library.requireWritable();
    const taken = await readFiles(plan, images, watching);
    watching.onProgress?.({ phase: 'saving', done: 0, total: 0 });
    const outcome = library.transaction(() => {
      // It may have been removed or have grown since.
      const dataset = this.#c.datasets.get(plan.datasetId);
      if (images.count(dataset.id) !== plan.images) throw outdated(dataset);
      const labels = this.#labels(dataset, plan);
      const unusable = storeImages(dataset, images, plan, taken, labels);
      this.#storeSources(dataset, plan);
      this.#storeProblems(dataset, plan, unusable);
      this.#c.datasets.setGivenSplits(dataset.id, givenSplitsAfter(dataset, plan));
      this.#c.datasets.touch(dataset.id);
      refreshFindings(this.#c.datasets.get(dataset.id), images, this.#c.problems);
      return { dataset: this.#c.datasets.get(dataset.id), unusable: unusable.length };
    });
    this.#plans.delete(plan.datasetId);
    const problems = this.#c.problems.list(plan.datasetId);
    return { ...outcome, changes: plan.changes, problems };
  }

  /** The labels of a plan's new images; makes the classes that there are not yet. */
  #labels(dataset: Dataset, { fresh }: GrowthPlan): number[] {
    const { classes } = this.#c;
    const known = classes.sources(dataset.id);
    const missing = fresh.flatMap(({ belongs }) =>
      labelOf(dataset, known, belongs) === null && 'name' in belongs ? [belongs.name] : [],
    );
    const made = new Map(
      sortClasses(missing, true).map((name) => [name, classes.add(dataset.id, name, now())]),
    );
    return fresh.map(({ belongs }) => {
      const label = labelOf(dataset, known, belongs);
      if (label !== null) {
        // A folder with the name of a class that was renamed to it is of that class from now on.
        if (belongs.kind === 'named') classes.link(dataset.id, belongs.name, label);
        return requireClass(dataset, label).index;
      }
      return ('name' in belongs ? made.get(belongs.name) : undefined) ?? 0;
    });
  }

  #storeSources({ id }: Dataset, { sources }: GrowthPlan): void {
    const { classes } = this.#c.datasets.get(id);
    this.#c.sources.replace(
      id,
      sources.flatMap(({ newClass, ...source }): DatasetSource[] => {
        if (newClass === undefined) return [source];
        const made = classes.find(({ name }) => name === newClass);
        return made === undefined ? [] : [{ ...source, label: made.index }];
      }),
    );
  }

  /** An update replaces all problems by those that there are now; an addition adds to them. */
  #storeProblems(
    { id }: Dataset,
    plan: GrowthPlan,
    unusable: readonly GrowthPlan['problems'][number][],
  ): void {
    const { images, problems } = this.#c;
    if (plan.isUpdate)
      problems.replace(id, FINDING_KINDS, [...plan.problems, ...images.problems(id)]);
    else problems.replace(id, [], [...plan.problems, ...unusable]);
  }
}

const sourceAt = (path: string): DatasetSource => ({
  ...{ path, layout: null, encoding: null, label: null },
});

/** A source with what the user answered about it now. */
function answered(source: DatasetSource, { as, encoding }: SourceOptions): DatasetSource {
  return { ...source, layout: as ?? source.layout, encoding: encoding ?? source.encoding };
}

function belongingTo(dataset: Dataset, into: TargetClass): Belonging {
  if ('label' in into) return { kind: 'class', label: requireClass(dataset, into.label).index };
  const name = checkClassName(into.newClass);
  requireFreeClass(dataset, name);
  return { kind: 'new-class', name };
}

/** The label of an image's class; null for a class that there is not yet. */
function labelOf(
  dataset: Dataset,
  known: ReadonlyMap<string, number>,
  belongs: Belonging,
): number | null {
  if (belongs.kind === 'class') return belongs.label;
  if (belongs.kind === 'new-class') return null;
  const { name } = belongs;
  return known.get(name) ?? dataset.classes.find((one) => one.name === name)?.index ?? null;
}

const outdated = (dataset?: Dataset): KarstError =>
  new KarstError(
    'not-found',
    dataset === undefined
      ? 'What was found is no longer known.'
      : `The dataset "${dataset.name}" has changed since it was looked through.`,
    { hint: 'Look for new files again.' },
  );
