import type {
  DatasetQuestion,
  DatasetReading,
} from '../../../../shared/contract/window/datasets.ts';
import { FOLDER_LAYOUTS, type FolderLayout } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { listClassFolders, listInnerFolders } from './folders.ts';
import { splitNamed, type Listing } from './listing.ts';
import { LayoutQuestion } from './question.ts';
import { listSplitFolders, splitFoldersOf, unwrapSplits } from './splits.ts';
import { holdsImages, holdsSplits, metadataIn, scratch, survey, type Surveyed } from './survey.ts';
import type { FolderEntry, Walk } from './walk.ts';

/** Limit of class and folder names shown in a question. */
const SHOWN = 8;

/** Lists the folders of a dataset by one layout. */
export async function listFolders(
  as: FolderLayout,
  dir: string,
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<Listing> {
  if (as === 'split-folders') return listSplitFolders(dir, entries, walk);
  if (as === 'inner-folders') return listInnerFolders(entries, walk);
  return listClassFolders(entries, walk);
}

/** The single folder that wraps everything; null if there is none. */
export function wrapperAmong(surveyed: readonly Surveyed[]): FolderEntry | null {
  const [only, ...more] = surveyed.filter(holdsImages);
  if (only === undefined || more.length > 0 || splitNamed(only.entry.name) !== null) return null;
  return metadataIn(only.files) !== null || (only.inner.length > 0 && !only.images)
    ? only.entry
    : null;
}

/**
 * Determines the layout of a dataset's folders; asks if it is ambiguous.
 * @throws dataset-unusable, a `LayoutQuestion`
 */
export async function decideLayout(
  dir: string,
  entries: readonly FolderEntry[],
  surveyed: readonly Surveyed[],
  walk: Walk,
): Promise<FolderLayout> {
  const holding = surveyed.filter(holdsImages);
  const ask = async (why: Why, folders: readonly Surveyed[]): Promise<never> => {
    throw await questionOf(dir, entries, walk, why, folders);
  };
  const splits = holding.filter(({ entry }) => splitNamed(entry.name) !== null);
  const others = holding.filter((folder) => !splits.includes(folder));
  const hasClasses = (folder: Surveyed): boolean =>
    folder.inner.length > 0 || metadataIn(folder.files) !== null;
  // A class may be called "train": then it is one of several and contains images but no folders.
  if (splits.length >= 2 || (others.length === 0 && splits.length > 0) || splits.some(hasClasses)) {
    if (others.some(hasClasses) || (splits.length === 1 && others.length > 0))
      return ask('folder-beside-splits', others);
    const training = splits.filter(({ entry }) => splitNamed(entry.name) === 'train');
    if (!(training.length > 0 ? training : splits).some(hasClasses))
      return ask('splits-without-classes', splits);
    await settleClasses(splits, walk, ask);
    return 'split-folders';
  }
  const divided = holding.filter(holdsSplits);
  if (divided.length === holding.length && divided.length > 0) return ask('names-repeat', divided);
  if (divided.length > 0) return ask('splits-in-some', divided);
  await requireDistinct(dir, holding, walk, ask);
  return 'class-folders';
}

type Why = Extract<DatasetQuestion, { kind: 'layout' }>['why'];
type Ask = (why: Why, folders: readonly Surveyed[]) => Promise<never>;

/** The same for the class folders of the training split. */
async function settleClasses(splits: readonly Surveyed[], walk: Walk, ask: Ask): Promise<void> {
  const opened = await unwrapSplits(splitFoldersOf(splits), scratch(walk));
  for (const { split, folder } of opened) {
    if (split !== 'train' || metadataIn(folder.files) !== null) continue;
    const classes: Surveyed[] = [];
    for (const entry of folder.inner) classes.push(await survey(entry, walk));
    await requireDistinct(folder.entry.path, classes, walk, ask);
  }
}

/** Asks if names repeat below several folders; reports other names below them that are ignored. */
async function requireDistinct(
  dir: string,
  folders: readonly Surveyed[],
  walk: Walk,
  ask: Ask,
): Promise<void> {
  const groups = folders.filter(({ inner, images }) => inner.length > 0 && !images);
  const times = new Map<string, number>();
  for (const { inner } of folders)
    for (const { name } of inner) times.set(name, (times.get(name) ?? 0) + 1);
  // A single folder within each class, say "images", is not a class.
  if (times.size < 2 || groups.length === 0) return;
  if ([...times.values()].some((n) => n > 1)) return ask('names-repeat', groups);
  const examples = groups.slice(0, SHOWN).map(({ entry }) => entry.name);
  walk.problems.push({
    kind: 'ignored',
    path: dir,
    reason: `The folders within ${examples.join(', ')}${groups.length > SHOWN ? ', …' : ''} are not classes: their images belong to the class above them.`,
  });
}

async function questionOf(
  dir: string,
  entries: readonly FolderEntry[],
  walk: Walk,
  why: Why,
  folders: readonly Surveyed[],
): Promise<LayoutQuestion> {
  const readings: DatasetReading[] = [];
  for (const as of FOLDER_LAYOUTS) {
    const reading = await tryReading(as, dir, entries, walk);
    if (reading !== null && !readings.some((other) => isSame(other, reading)))
      readings.push(reading);
  }
  return new LayoutQuestion({
    kind: 'layout',
    path: dir,
    why,
    folders: folders.slice(0, SHOWN).map(({ entry }) => entry.name),
    readings,
  });
}

/** The result of a layout; null if it yields nothing. */
async function tryReading(
  as: FolderLayout,
  dir: string,
  entries: readonly FolderEntry[],
  walk: Walk,
): Promise<DatasetReading | null> {
  let listing: Listing;
  try {
    listing = await listFolders(as, dir, entries, scratch(walk));
  } catch (error) {
    if (isUnusable(error)) return null;
    throw error;
  }
  if (listing.images.length === 0) return null;
  const counts = { train: 0, val: 0, test: 0, free: 0 };
  for (const { split } of listing.images) counts[split ?? 'free']++;
  return {
    as,
    classes: listing.classes.slice(0, SHOWN),
    classCount: listing.classes.length,
    counts,
  };
}

const isUnusable = (error: unknown): boolean =>
  error instanceof KarstError && error.code === 'dataset-unusable';

const isSame = (a: DatasetReading, b: DatasetReading): boolean =>
  JSON.stringify({ ...a, as: '' }) === JSON.stringify({ ...b, as: '' });
