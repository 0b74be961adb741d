import type { ImageFilter } from '../../../../shared/contract/window/datasets.ts';
import { classWithLabel } from '../../../../shared/domain/dataset-classes.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Dataset, DatasetClass, DatasetProblem } from '../../../../shared/domain/library.ts';
import type { ImageChange, ImageRepository } from '../../store/images.ts';
import type { ProblemRepository } from '../../store/problems.ts';
import { duplicateProblem, emptyClassProblems } from './findings.ts';

/**
 * Changes images by position, or all that match a filter. Exact duplicates move to another split
 * together: an image trained on must not be in the validation.
 * @returns number of images changed
 * @throws not-found for an unknown class or position
 */
export function changeImages(
  dataset: Dataset,
  images: ImageRepository,
  which: readonly number[] | ImageFilter,
  change: ImageChange,
): number {
  if (change.label !== undefined) requireClass(dataset, change.label);
  const positions = isPositions(which) ? which : images.positions(dataset.id, which);
  if (isPositions(which)) {
    const end = images.count(dataset.id);
    const stray = which.find((position) => position >= end);
    if (stray !== undefined)
      throw new KarstError(
        'not-found',
        `The dataset "${dataset.name}" has no image number ${stray}.`,
        {
          hint: `It has ${end} images, counted from 0.`,
        },
      );
  }
  const { split } = change;
  let changed = 0;
  if (split !== undefined) {
    const chosen = new Set(positions);
    const others = images.withDuplicates(dataset.id, positions).filter((p) => !chosen.has(p));
    changed += images.change(dataset.id, others, { split });
  }
  return changed + images.change(dataset.id, positions, change);
}

/** @throws not-found */
export function requireClass(dataset: Dataset, label: number): DatasetClass {
  const found = classWithLabel(dataset, label);
  if (found !== undefined) return found;
  throw new KarstError('not-found', `The dataset "${dataset.name}" has no class number ${label}.`, {
    hint: 'It may have been merged into another class: reload the page.',
  });
}

/** @throws name-taken if the dataset has a class of that name */
export function requireFreeClass(
  dataset: Dataset,
  name: string,
  hint = 'Choose that class, or another name.',
): void {
  if (dataset.classes.some((one) => one.name === name))
    throw new KarstError(
      'name-taken',
      `The dataset "${dataset.name}" already has a class "${name}".`,
      { hint },
    );
}

const isPositions = (which: readonly number[] | ImageFilter): which is readonly number[] =>
  Array.isArray(which);

/** Kinds of problems derived from labels, splits and exclusions. */
const FOLLOWING = ['duplicate', 'conflicting-label', 'empty-class'] as const;

/** Recomputes the derived problems: duplicates, conflicting labels, empty classes. */
export function refreshFindings(
  dataset: Dataset,
  images: ImageRepository,
  problems: ProblemRepository,
): void {
  const used = dataset.classes.filter(({ leftOut }) => !leftOut);
  const names = new Map(used.map(({ index, name }) => [index, name]));
  const found = images
    .duplicatePairs(dataset.id)
    .filter(({ labels, firstLabels }) => [...labels, ...firstLabels].every((l) => names.has(l)))
    .map((pair) => duplicateProblem(pair, names));
  const stored = problems
    .list(dataset.id)
    .filter(({ kind }) => (FOLLOWING as readonly string[]).includes(kind));
  // Folders without an image are not classes; their problems from the import remain.
  const folders = stored.filter(
    ({ kind, path }) => kind === 'empty-class' && path !== dataset.path,
  );
  const now = [...found, ...folders, ...emptyClassProblems(used, dataset.path)];
  const said = (list: readonly DatasetProblem[]): string =>
    list
      .map(({ kind, path, reason }) => `${kind}\n${path}\n${reason}`)
      .sort()
      .join('\n\n');
  if (said(now) !== said(stored)) problems.replace(dataset.id, FOLLOWING, now);
}
