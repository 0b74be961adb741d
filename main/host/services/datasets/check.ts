import type { DatasetProblem, ImageState } from '../../../../shared/domain/library.ts';
import type { ImageRepository, StoredImage } from '../../store/images.ts';
import type { Watching } from '../../contract/watching.ts';
import { throwIfCancelled } from '../paths.ts';
import { checkFiles } from './checker-pool.ts';
import type { CheckAnswer, CheckRequest } from './image-check.ts';

const BATCH = 500;

/** State of a stored image after rechecking its file. */
function stateOf(
  image: StoredImage,
  answer: CheckAnswer,
): { state: ImageState; reason: string | null } {
  if ('error' in answer) {
    const state = answer.error.code === 'not-found' ? 'missing' : 'unreadable';
    return { state, reason: answer.error.message };
  }
  if (image.sha256 === '')
    return image.state === 'missing'
      ? {
          state: 'changed',
          reason: 'It was missing at import; update the dataset to use it.',
        }
      : { state: image.state, reason: image.reason };
  const { bytes, sha256 } = answer.facts;
  if (bytes !== image.bytes)
    return {
      state: 'changed',
      reason: `It has ${bytes} bytes and had ${image.bytes} when it was imported.`,
    };
  if (sha256 !== image.sha256)
    return { state: 'changed', reason: 'Its content has changed since the import.' };
  return image.duplicateOf === null
    ? { state: 'ok', reason: null }
    : {
        state: 'duplicate',
        reason:
          image.state === 'duplicate' ? image.reason : 'It is an exact duplicate of another image.',
      };
}

/**
 * Reads every file of a dataset again, compares size and sha256, stores the states.
 * @throws cancelled; findings until then are stored
 */
export async function checkImages(
  datasetId: string,
  repository: ImageRepository,
  watching: Watching,
): Promise<{ checked: number; problems: DatasetProblem[] }> {
  const total = repository.count(datasetId);
  const asked = new Map<number, StoredImage>();
  function* requests(): Generator<CheckRequest> {
    for (const image of repository.all(datasetId)) {
      asked.set(image.position, image);
      yield { id: image.position, path: image.path, mode: 'hash' };
    }
  }
  const found: { position: number; problem: DatasetProblem }[] = [];
  let changes: { position: number; state: ImageState; reason: string | null }[] = [];
  let checked = 0;
  for await (const answer of checkFiles(requests(), watching)) {
    const image = asked.get(answer.id);
    if (image === undefined) continue;
    asked.delete(answer.id);
    const { state, reason } = stateOf(image, answer);
    if (state !== image.state || reason !== image.reason)
      changes.push({ position: image.position, state, reason });
    if (state !== 'ok' && state !== 'duplicate')
      found.push({
        position: image.position,
        problem: { kind: state, path: image.path, reason: reason ?? '' },
      });
    checked++;
    watching.onProgress?.({ phase: 'checking', done: checked, total });
    if (changes.length >= BATCH) {
      repository.setStates(datasetId, changes);
      changes = [];
    }
  }
  repository.setStates(datasetId, changes);
  throwIfCancelled(watching.signal, 'The check');
  return {
    checked,
    problems: found.sort((a, b) => a.position - b.position).map(({ problem }) => problem),
  };
}
