import { basename } from 'node:path';
import type { DatasetPreview } from '../../../../shared/contract/window/dataset-source.ts';
import { countProblems } from '../../../../shared/domain/problem-kinds.ts';
import { countSplits, type Listing } from './listing.ts';

/** Limit of class names and of skipped files named in a preview. */
const SHOWN = 8;

/** What an import makes of a listing. */
export function previewOf(listing: Listing): DatasetPreview {
  const { layout, classes, images, problems } = listing;
  const perClass = classes.map(() => 0);
  for (const { label } of images) perClass[label] = (perClass[label] ?? 0) + 1;
  const found = countProblems(problems);
  return {
    kind: 'preview',
    layout,
    classes: classes.slice(0, SHOWN).map((name, label) => ({ name, images: perClass[label] ?? 0 })),
    classCount: classes.length,
    counts: countSplits(listing),
    problems: found,
    notes: problems.length - found,
    skipped: [...new Set(problems.map(({ path }) => basename(path)))].slice(0, SHOWN),
  };
}
