import { KarstError } from '../../../../shared/domain/errors.ts';
import type { DatasetProblem } from '../../../../shared/domain/library.ts';
import type { ImageRepository, NewImage } from '../../store/images.ts';
import type { Watching } from '../../contract/watching.ts';
import { throwIfCancelled } from '../paths.ts';
import { checkFiles } from './checker-pool.ts';
import type { Draw } from './draw.ts';
import { searchKeyOf } from './file-name.ts';
import { findDuplicates, findEmptyClasses, type UsableImage } from './findings.ts';
import type { CheckRequest } from './image-check.ts';
import type { Listing } from './listing.ts';
import { stratifiedSplit } from './split.ts';

/** Rows per transaction. */
const BATCH = 500;

export interface ImportOptions extends Watching, Draw {
  /** The source, for problems that are not about one file. */
  readonly path: string;
  readonly threads?: number;
}

/**
 * Checks and stores every listed file, usable or not; then finds duplicates and splits. Does not
 * publish the dataset. Returns the problems, the listing's first.
 * @throws cancelled, dataset-unusable when no image can be used
 */
export async function importImages(
  datasetId: string,
  listing: Listing,
  repository: ImageRepository,
  options: ImportOptions,
): Promise<DatasetProblem[]> {
  const problems: DatasetProblem[] = [...listing.problems];
  const usable = await checkAll(datasetId, listing, repository, options, problems);
  if (usable.length === 0)
    throw new KarstError(
      'dataset-unusable',
      `None of the ${listing.images.length} files can be used: ${problems.at(-1)?.reason ?? ''}`,
      { hint: 'Check that the files are images and that your account may read them.' },
    );
  settle(datasetId, listing, repository, options, usable, problems);
  return problems;
}

async function checkAll(
  datasetId: string,
  listing: Listing,
  repository: ImageRepository,
  options: ImportOptions,
  problems: DatasetProblem[],
): Promise<UsableImage[]> {
  const { images } = listing;
  const usable: UsableImage[] = [];
  let batch: NewImage[] = [];
  const found: { position: number; problem: DatasetProblem }[] = [];
  let done = 0;
  function* requests(): Generator<CheckRequest> {
    for (let id = 0; id < images.length; id++)
      yield { id, path: images[id]?.path ?? '', mode: 'decode' };
  }
  for await (const answer of checkFiles(requests(), options)) {
    const image = images[answer.id];
    if (image === undefined) continue;
    const { path, label, split } = image;
    const common = {
      position: answer.id,
      path,
      label,
      split: split ?? ('train' as const),
      duplicateOf: null,
      givenSplit: split,
      searchKey: searchKeyOf([options.path], path),
    };
    if ('facts' in answer) {
      batch.push({ ...common, ...answer.facts, state: 'ok', reason: null });
      usable.push({ position: answer.id, label, sha256: answer.facts.sha256 });
    } else {
      const { code, message: reason } = answer.error;
      const state = code === 'not-found' ? 'missing' : 'unreadable';
      batch.push({ ...common, sha256: '', bytes: 0, width: 0, height: 0, state, reason });
      found.push({ position: answer.id, problem: { kind: state, path, reason } });
    }
    done++;
    if (batch.length >= BATCH) {
      repository.insert(datasetId, batch);
      batch = [];
    }
    options.onProgress?.({ phase: 'checking', done, total: images.length });
  }
  throwIfCancelled(options.signal, 'The import');
  repository.insert(datasetId, batch);
  // Answers arrive in the order of completion; nothing after this may depend on it.
  found.sort((a, b) => a.position - b.position);
  // Not spread: a call cannot take a hundred thousand arguments.
  for (const { problem } of found) problems.push(problem);
  return usable.sort((a, b) => a.position - b.position);
}

function settle(
  datasetId: string,
  listing: Listing,
  repository: ImageRepository,
  options: ImportOptions,
  usable: readonly UsableImage[],
  problems: DatasetProblem[],
): void {
  const pathOf = (position: number): string => listing.images[position]?.path ?? '';
  const duplicates = findDuplicates(usable, pathOf, listing.classes);
  const splits = stratifiedSplit(
    usable.map(({ position, label, sha256 }) => ({
      label,
      sha256,
      given: listing.images[position]?.split ?? null,
    })),
    options,
    options.seed,
  );
  const settled = usable.map(({ position, label }, i) => {
    const first = duplicates.first.get(position);
    return {
      position,
      label,
      split: splits[i] ?? ('train' as const),
      state: first === undefined ? ('ok' as const) : ('duplicate' as const),
      reason: first === undefined ? null : `It is an exact duplicate of ${pathOf(first)}.`,
      duplicateOf: first ?? null,
    };
  });
  for (const problem of duplicates.problems) problems.push(problem);
  for (const problem of findEmptyClasses(listing.classes, settled, options.path))
    problems.push(problem);
  for (let i = 0; i < settled.length; i += BATCH) {
    throwIfCancelled(options.signal, 'The import');
    repository.settle(datasetId, settled.slice(i, i + BATCH));
    options.onProgress?.({
      phase: 'saving',
      done: Math.min(i + BATCH, settled.length),
      total: settled.length,
    });
  }
}
