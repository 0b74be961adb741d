import { SPLITS, type Split } from '../../../../../shared/domain/dataset.ts';
import type { Dataset, DatasetProblem } from '../../../../../shared/domain/library.ts';
import type { Watching } from '../../../contract/watching.ts';
import type { ImageRepository, NewImage, StoredImage } from '../../../store/images.ts';
import { isUsable, isUsableFile } from '../../manifest.ts';
import { throwIfCancelled } from '../../paths.ts';
import { checkFiles } from '../checker-pool.ts';
import { searchKeyOf } from '../file-name.ts';
import type { CheckAnswer, CheckRequest } from '../image-check.ts';
import { placeNewcomers, type NewcomerImage, type PlacedImage } from './place.ts';
import type { GrowthPlan } from './plan.ts';

/** What was read of the files that a plan takes: of its new images and of its changed ones. */
export interface TakenFiles {
  readonly fresh: readonly CheckAnswer[];
  readonly changed: ReadonlyMap<number, CheckAnswer>;
}

/** Decodes what a plan takes. Stores nothing. @throws cancelled */
export async function readFiles(
  plan: GrowthPlan,
  images: ImageRepository,
  watching: Watching,
): Promise<TakenFiles> {
  const { datasetId, fresh, changed } = plan;
  const total = fresh.length + changed.length;
  function* requests(): Generator<CheckRequest> {
    for (const [id, { path }] of fresh.entries()) yield { id, path, mode: 'decode' };
    for (const position of changed) {
      const { path } = images.get(datasetId, position);
      yield { id: fresh.length + position, path, mode: 'decode' };
    }
  }
  const taken = { fresh: new Array<CheckAnswer>(fresh.length), changed: new Map() };
  let done = 0;
  for await (const answer of checkFiles(requests(), watching)) {
    if (answer.id < fresh.length) taken.fresh[answer.id] = answer;
    else taken.changed.set(answer.id - fresh.length, answer);
    watching.onProgress?.({ phase: 'checking', done: ++done, total });
  }
  throwIfCancelled(watching.signal, 'The update');
  return taken;
}

const stateOf = ({ error }: Extract<CheckAnswer, { error: unknown }>) => ({
  state: error.code === 'not-found' ? ('missing' as const) : ('unreadable' as const),
  reason: error.message,
});

/** Fractions that new images are held out by: of a split that the source gives, the one it has. */
function fractionsOf(dataset: Dataset): { val: number; test: number } {
  const { counts, givenSplits, valFraction, testFraction } = dataset;
  const all = counts.train + counts.val + counts.test;
  const of = (split: 'val' | 'test', wanted: number): number =>
    givenSplits.includes(split) && all > 0 ? counts[split] / all : wanted;
  return { val: of('val', valFraction), test: of('test', testFraction) };
}

/**
 * Stores what a plan takes, within a transaction: new contents and states, then the new images
 * behind those that there are. Labels, splits and exclusions of the latter stay, but an image whose
 * new content is a copy of another's joins its split.
 * @param labels of the new images
 * @returns the new images that cannot be used, as problems
 */
export function storeImages(
  dataset: Dataset,
  images: ImageRepository,
  plan: GrowthPlan,
  taken: TakenFiles,
  labels: readonly number[],
): DatasetProblem[] {
  const { id } = dataset;
  storeContents(id, images, plan, taken);
  const stored = [...images.all(id)];
  const first = new Map<string, Pick<StoredImage, 'position' | 'path'>>();
  const copyOf = (image: Pick<StoredImage, 'sha256' | 'position' | 'path'>) => {
    const found = image.sha256 === '' ? undefined : first.get(image.sha256);
    if (found === undefined && image.sha256 !== '') first.set(image.sha256, image);
    return found === undefined
      ? { state: 'ok' as const, reason: null, duplicateOf: null }
      : {
          state: 'duplicate' as const,
          reason: `It is an exact duplicate of ${found.path}.`,
          duplicateOf: found.position,
        };
  };
  const copies = stored.map((image) => copyOf(image));

  // Images that were drawn already come first: theirs is the split of a copy.
  const isTaken = (image: StoredImage): boolean => taken.changed.has(image.position);
  const placed: PlacedImage[] = [
    ...stored.filter((image) => !isTaken(image)),
    ...stored.filter((image) => isTaken(image) && !plan.repaired.has(image.position)),
  ].map((image) => ({ ...image, counts: isUsable(image) }));
  const drawn = stored.filter(
    ({ position, state }) => plan.repaired.has(position) && state === 'ok',
  );
  const usable = plan.fresh.flatMap(({ split }, i): (NewcomerImage & { i: number })[] => {
    const answer = taken.fresh[i];
    return answer !== undefined && 'facts' in answer
      ? [{ i, label: labels[i] ?? 0, sha256: answer.facts.sha256, given: split }]
      : [];
  });
  const newcomers: NewcomerImage[] = [
    ...drawn.map(({ label, sha256, givenSplit }) => ({ label, sha256, given: givenSplit })),
    ...usable,
  ];
  const splits = placeNewcomers(placed, newcomers, fractionsOf(dataset), dataset.seed);
  const splitOf = new Map<number, Split>(drawn.map(({ position }, i) => [position, splits[i]!]));
  const splitOfFresh = new Map(usable.map(({ i }, at) => [i, splits[drawn.length + at]!]));
  const splitOfBytes = new Map<string, Split>();
  for (const { sha256, split } of placed)
    if (sha256 !== '' && !splitOfBytes.has(sha256)) splitOfBytes.set(sha256, split);

  images.settle(
    id,
    stored.flatMap((image, i) => {
      const { position, sha256, split: before } = image;
      const split =
        splitOf.get(position) ?? (isTaken(image) ? (splitOfBytes.get(sha256) ?? before) : before);
      const copy = copies[i]!;
      const now = isUsableFile(image)
        ? { position, split, ...copy }
        : { ...image, split, duplicateOf: copy.duplicateOf };
      return now.split === before &&
        now.state === image.state &&
        now.reason === image.reason &&
        now.duplicateOf === image.duplicateOf
        ? []
        : [now];
    }),
  );
  return insertFresh(id, images, plan, taken, { labels, splitOfFresh, copyOf });
}

function storeContents(
  datasetId: string,
  images: ImageRepository,
  { states }: GrowthPlan,
  { changed }: TakenFiles,
): void {
  images.setStates(datasetId, states);
  for (const [position, answer] of changed)
    if ('facts' in answer) images.replaceContent(datasetId, position, answer.facts);
    else images.setStates(datasetId, [{ position, ...stateOf(answer) }]);
}

function insertFresh(
  datasetId: string,
  images: ImageRepository,
  plan: GrowthPlan,
  taken: TakenFiles,
  of: {
    readonly labels: readonly number[];
    readonly splitOfFresh: ReadonlyMap<number, Split>;
    readonly copyOf: (
      image: Pick<StoredImage, 'sha256' | 'position' | 'path'>,
    ) => Pick<StoredImage, 'state' | 'reason' | 'duplicateOf'>;
  },
): DatasetProblem[] {
  const problems: DatasetProblem[] = [];
  const sources = plan.sources.map(({ path }) => path);
  const rows = plan.fresh.flatMap(({ path, split }, i): NewImage[] => {
    const answer = taken.fresh[i];
    if (answer === undefined) return [];
    const common = {
      position: plan.images + i,
      path,
      label: of.labels[i] ?? 0,
      split: of.splitOfFresh.get(i) ?? split ?? 'train',
      givenSplit: split,
      searchKey: searchKeyOf(sources, path),
    };
    if ('facts' in answer) {
      const { facts } = answer;
      const copy = of.copyOf({ ...common, sha256: facts.sha256 });
      return [{ ...common, ...facts, ...copy }];
    }
    const { state, reason } = stateOf(answer);
    problems.push({ kind: state, path, reason });
    const none = { sha256: '', bytes: 0, width: 0, height: 0, duplicateOf: null };
    return [{ ...common, ...none, state, reason }];
  });
  images.insert(datasetId, rows);
  return problems;
}

/** The splits that the sources give after a plan. */
export function givenSplitsAfter(dataset: Dataset, { fresh }: GrowthPlan): Split[] {
  return SPLITS.filter(
    (split) => dataset.givenSplits.includes(split) || fresh.some((image) => image.split === split),
  );
}
