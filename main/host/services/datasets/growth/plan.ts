import type {
  DatasetChanges,
  DatasetProblem,
  ImageState,
} from '../../../../../shared/domain/library.ts';
import type { Watching } from '../../../contract/watching.ts';
import type { ImageRepository, StoredImage } from '../../../store/images.ts';
import type { DatasetSource } from '../../../store/sources.ts';
import { throwIfCancelled } from '../../paths.ts';
import { checkFiles } from '../checker-pool.ts';
import type { CheckAnswer, CheckRequest } from '../image-check.ts';
import { isUsableFile } from '../../manifest.ts';
import type { SourceImage } from './listed.ts';

/** What an update or an addition will do, before anything is stored. */
export interface GrowthPlan {
  readonly datasetId: string;
  /** Number of its images when the plan was made. */
  readonly images: number;
  /** Its sources afterwards; `newClass` gives the class of those that are added for one. */
  readonly sources: readonly (DatasetSource & { readonly newClass?: string })[];
  readonly fresh: readonly SourceImage[];
  /** Positions of images whose content is to be taken anew. */
  readonly changed: readonly number[];
  /** Of those, the ones that could never be read before. */
  readonly repaired: ReadonlySet<number>;
  readonly states: readonly Pick<StoredImage, 'position' | 'state' | 'reason'>[];
  /** Of the listing; of an update, all that there are now. */
  readonly problems: readonly DatasetProblem[];
  readonly isUpdate: boolean;
  readonly changes: DatasetChanges;
}

/** What is found of the images that a dataset has. */
export interface FileFindings extends Pick<GrowthPlan, 'changed' | 'repaired' | 'states'> {
  /** Positions of images whose files are not there. */
  readonly absent: ReadonlySet<number>;
  readonly counts: Pick<DatasetChanges, 'changed' | 'missing' | 'unreadable' | 'back'>;
}

export const NO_FINDINGS: FileFindings = {
  changed: [],
  repaired: new Set(),
  states: [],
  absent: new Set(),
  counts: { changed: 0, missing: 0, unreadable: 0, back: 0 },
};

type Finding = 'same' | 'changed' | 'repaired' | 'back' | 'missing' | 'unreadable';

function findingOf(image: StoredImage, answer: CheckAnswer): Finding {
  if ('error' in answer) {
    const state = answer.error.code === 'not-found' ? 'missing' : 'unreadable';
    return image.state === state ? 'same' : state;
  }
  if (image.sha256 === '') return 'repaired';
  const { bytes, sha256 } = answer.facts;
  if (bytes !== image.bytes || sha256 !== image.sha256) return 'changed';
  return isUsableFile(image) ? 'same' : 'back';
}

/** Reads all files of a dataset again. Stores nothing. @throws cancelled */
export async function findChanges(
  datasetId: string,
  repository: ImageRepository,
  watching: Watching,
): Promise<FileFindings> {
  const total = repository.count(datasetId);
  const asked = new Map<number, StoredImage>();
  function* requests(): Generator<CheckRequest> {
    for (const image of repository.all(datasetId)) {
      asked.set(image.position, image);
      const mode = image.sha256 === '' ? 'decode' : 'hash';
      yield { id: image.position, path: image.path, mode };
    }
  }
  const changed: number[] = [];
  const repaired = new Set<number>();
  const states: { position: number; state: ImageState; reason: string | null }[] = [];
  const counts = { changed: 0, missing: 0, unreadable: 0, back: 0 };
  const absent = new Set<number>();
  let done = 0;
  for await (const answer of checkFiles(requests(), watching)) {
    const { id: position } = answer;
    const image = asked.get(position);
    asked.delete(position);
    watching.onProgress?.({ phase: 'checking', done: ++done, total });
    if ('error' in answer && answer.error.code === 'not-found') absent.add(position);
    const finding = image === undefined ? 'same' : findingOf(image, answer);
    if (finding === 'same') continue;
    counts[finding === 'repaired' ? 'back' : finding]++;
    if (finding === 'changed' || finding === 'repaired') changed.push(position);
    if (finding === 'repaired') repaired.add(position);
    else if (finding === 'back') states.push({ position, state: 'ok', reason: null });
    else if (finding !== 'changed') {
      const reason = 'error' in answer ? answer.error.message : null;
      states.push({ position, state: finding, reason });
    }
  }
  throwIfCancelled(watching.signal, 'The update');
  return { changed: changed.sort((a, b) => a - b), repaired, states, absent, counts };
}
