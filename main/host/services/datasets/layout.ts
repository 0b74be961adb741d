import type {
  DatasetReading,
  LayoutQuestion as LayoutQuestionData,
} from '../../../../shared/contract/window/dataset-source.ts';
import { FOLDER_LAYOUTS, type FolderLayout } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { listClassFolders, listInnerFolders } from './folders.ts';
import { countSplits, splitNamed, type Listing } from './listing.ts';
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

/** A folder whose layout is to be decided. */
interface Undecided {
  readonly dir: string;
  readonly entries: readonly FolderEntry[];
  readonly surveyed: readonly Surveyed[];
  /** Lists a folder inside as a dataset of its own. */
  readonly listInside: (dir: string, walk: Walk) => Promise<Listing>;
}

/**
 * Determines the layout of a dataset's folders; asks if it is ambiguous.
 * @throws dataset-unusable, a `LayoutQuestion`
 */
export async function decideLayout(undecided: Undecided, walk: Walk): Promise<FolderLayout> {
  const holding = undecided.surveyed.filter(holdsImages);
  const ask = async (why: Why, folders: readonly Surveyed[]): Promise<never> => {
    throw await questionOf(undecided, walk, why, folders);
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
  if (divided.length > 0)
    return ask(divided.length === holding.length ? 'splits-in-each' : 'splits-in-some', divided);
  await requireFlat(holding, walk, ask);
  return 'class-folders';
}

type Why = LayoutQuestionData['why'];
type Ask = (why: Why, folders: readonly Surveyed[]) => Promise<never>;

/** The same for the class folders of the training split. */
async function settleClasses(splits: readonly Surveyed[], walk: Walk, ask: Ask): Promise<void> {
  const opened = await unwrapSplits(splitFoldersOf(splits), scratch(walk));
  for (const { split, folder } of opened) {
    if (split !== 'train' || metadataIn(folder.files) !== null) continue;
    const classes: Surveyed[] = [];
    for (const entry of folder.inner) classes.push(await survey(entry, walk));
    await requireFlat(classes, walk, ask);
  }
}

/**
 * Asks if what look like classes hold class folders. A single folder within a class, say "images",
 * is none, and a class with images of its own is one: that folders below it belong to it is said.
 */
async function requireFlat(classes: readonly Surveyed[], walk: Walk, ask: Ask): Promise<void> {
  const groups: Surveyed[] = [];
  for (const folder of classes) if (await holdsClasses(folder, walk)) groups.push(folder);
  if (groups.length > 0) {
    const isWrapper = (folder: Surveyed) => groups.includes(folder) && folder.inner.length === 1;
    const names = classes
      .filter((folder) => !isWrapper(folder))
      .flatMap(({ inner }) => inner.map(({ name }) => name));
    return ask(new Set(names).size < names.length ? 'names-repeat' : 'classes-in-classes', groups);
  }
  for (const { entry, images, inner } of classes)
    if (images && inner.length > 0)
      walk.problems.push({
        kind: 'ignored',
        path: entry.path,
        reason: `The folders in it are not classes: their images belong to the class "${entry.name}".`,
      });
}

/** Whether the folders within are classes: several, perhaps inside a wrapper. */
async function holdsClasses({ images, inner }: Surveyed, walk: Walk): Promise<boolean> {
  const [only, ...more] = inner;
  if (images || only === undefined) return false;
  return more.length > 0 || holdsClasses(await survey(only, walk), walk);
}

async function questionOf(
  { dir, entries, surveyed, listInside }: Undecided,
  walk: Walk,
  why: Why,
  folders: readonly Surveyed[],
): Promise<LayoutQuestion> {
  const whole: DatasetReading[] = [];
  for (const as of FOLDER_LAYOUTS) {
    const listing = await listed(() => listFolders(as, dir, entries, scratch(walk)));
    const reading = listing === null ? null : readingOf(dir, as, listing);
    if (reading !== null && !whole.some((other) => isSame(other, reading))) whole.push(reading);
  }
  const inside: DatasetReading[] = [];
  for (const { entry } of surveyed.filter(holdsImages).slice(0, SHOWN)) {
    const listing = await listed(() => listInside(entry.path, scratch(walk)));
    // A folder of one class alone is no dataset.
    if (listing !== null && listing.classes.length > 1)
      inside.push(readingOf(entry.path, null, listing));
  }
  return new LayoutQuestion({
    kind: 'layout',
    path: dir,
    why,
    folders: folders.slice(0, SHOWN).map(({ entry }) => entry.name),
    // Likely ones first: other reasons are those of a folder chosen one level too high.
    readings:
      why === 'names-repeat' || why === 'folder-beside-splits'
        ? [...whole, ...inside]
        : [...inside, ...whole],
  });
}

/** null if it yields nothing, or is ambiguous itself. */
async function listed(list: () => Promise<Listing>): Promise<Listing | null> {
  try {
    const listing = await list();
    return listing.images.length === 0 ? null : listing;
  } catch (error) {
    if (isUnusable(error)) return null;
    throw error;
  }
}

function readingOf(path: string, as: DatasetReading['as'], listing: Listing): DatasetReading {
  return {
    path,
    as,
    classes: listing.classes.slice(0, SHOWN),
    classCount: listing.classes.length,
    counts: countSplits(listing),
  };
}

const isUnusable = (error: unknown): boolean =>
  error instanceof KarstError && error.code === 'dataset-unusable';

const isSame = (a: DatasetReading, b: DatasetReading): boolean =>
  JSON.stringify({ ...a, as: '' }) === JSON.stringify({ ...b, as: '' });
