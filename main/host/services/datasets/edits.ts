import type { ImageFilter } from '../../../../shared/contract/window/datasets.ts';
import { SPLITS, type Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Dataset, DatasetProblem } from '../../../../shared/domain/library.ts';
import type { DrawnImage, ImageChange, ImageRepository } from '../../store/images.ts';
import type { ProblemRepository } from '../../store/problems.ts';
import { isUsable } from '../manifest.ts';
import type { Draw } from './draw.ts';
import { duplicateProblem, emptyClassProblems } from './findings.ts';
import { stratifiedSplit, type Splittable } from './split.ts';

/**
 * Changes images named by position, or all that a filter leaves. A move to another split takes exact duplicates
 * along: a picture that is trained on must not be judged by as well.
 * @returns number of images that became other
 * @throws not-found for a class or a position that there is not
 */
export function changeImages(
  dataset: Dataset,
  images: ImageRepository,
  which: readonly number[] | ImageFilter,
  change: ImageChange,
): number {
  if (change.label !== undefined && dataset.classes[change.label] === undefined)
    throw new KarstError(
      'not-found',
      `The dataset "${dataset.name}" has no class number ${change.label}.`,
      { hint: `It has ${dataset.classes.length} classes, counted from 0.` },
    );
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

const isPositions = (which: readonly number[] | ImageFilter): which is readonly number[] =>
  Array.isArray(which);

/**
 * Draws the split of a dataset anew by the rule of an import (`stratifiedSplit`): by class, with a seed, exact
 * duplicates together. What the source itself puts into a split stays there, and a split that it names gets
 * nothing more, so that nothing changes for a source that names all of them, unless `redrawGiven` asks to draw
 * these, too. Only images that take part are drawn. One that is excluded or cannot be used goes where its
 * duplicates go; without any it stays, as it counts for nothing until it is taken back.
 * @returns number of images that are in another split now
 */
export function drawAnew(
  datasetId: string,
  images: ImageRepository,
  draw: Draw,
  redrawGiven: boolean,
): number {
  const drawn: (DrawnImage & Splittable)[] = [];
  const aside: DrawnImage[] = [];
  for (const image of images.toDraw(datasetId)) {
    if (isUsable(image)) drawn.push({ ...image, given: redrawGiven ? null : image.givenSplit });
    else if (image.sha256 !== '') aside.push(image);
  }
  const splits = stratifiedSplit(drawn, draw, draw.seed);
  const ofBytes = new Map(drawn.map(({ sha256 }, i) => [sha256, splits[i]]));
  const moved: Record<Split, number[]> = { train: [], val: [], test: [] };
  const place = (image: DrawnImage, split: Split | undefined): void => {
    if (split !== undefined && split !== image.split) moved[split].push(image.position);
  };
  drawn.forEach((image, i) => place(image, splits[i]));
  for (const image of aside) place(image, ofBytes.get(image.sha256));
  return SPLITS.reduce((n, split) => n + images.change(datasetId, moved[split], { split }), 0);
}

/** Kinds of problems that follow from labels, splits and exclusions. */
const FOLLOWING = ['duplicate', 'conflicting-label', 'empty-class'] as const;

/** Says anew what follows from classes, splits and exclusions: duplicates, conflicting labels, empty classes. */
export function refreshFindings(
  dataset: Dataset,
  images: ImageRepository,
  problems: ProblemRepository,
): void {
  const names = dataset.classes.map(({ name }) => name);
  const found = images.duplicatePairs(dataset.id).map((pair) => duplicateProblem(pair, names));
  const stored = problems
    .list(dataset.id)
    .filter(({ kind }) => (FOLLOWING as readonly string[]).includes(kind));
  // Folders without an image make no class; what was said of them at import holds.
  const folders = stored.filter(
    ({ kind, path }) => kind === 'empty-class' && path !== dataset.path,
  );
  const now = [...found, ...folders, ...emptyClassProblems(dataset.classes, dataset.path)];
  const said = (list: readonly DatasetProblem[]): string =>
    list
      .map(({ kind, path, reason }) => `${kind}\n${path}\n${reason}`)
      .sort()
      .join('\n\n');
  if (said(now) !== said(stored)) problems.replace(dataset.id, FOLLOWING, now);
}
