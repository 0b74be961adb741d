import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AugmentResult } from '../../../../shared/contract/engine.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { DatasetImage } from '../../../../shared/domain/library.ts';
import { writeError } from '../../../formats/files.ts';
import { systemTemporaryPrefix } from '../../../formats/system-temporaries.ts';
import { runEngineJob } from '../../engine/engine-job.ts';
import type { AugmentationRequest } from '../../contract/datasets.ts';
import type { EngineSpawner } from '../../contract/engine.ts';
import { isUsableFile } from '../runs/manifest.ts';

/** Answers whose pictures are kept: a window shows the latest, and may still be loading the one before. */
const KEPT = 4;

/** Milliseconds that an engine whose answer is no longer wanted gets to end by itself. */
const GRACE_MS = 2_000;

interface Question {
  readonly abort: AbortController;
  readonly ended: Promise<unknown>;
}

/**
 * Asks engines for pictures of augmented images. The pictures lie in a folder of this session that goes with it;
 * only the latest few answers are kept.
 */
export class AugmentationPreviews {
  readonly #spawn: EngineSpawner;
  readonly #cacheDir: string;
  /** By dataset. */
  readonly #asked = new Map<string, Question>();
  readonly #answers: string[] = [];
  #folder: Promise<string> | null = null;
  #closed = false;

  constructor(spawn: EngineSpawner, cacheDir: string) {
    this.#spawn = spawn;
    this.#cacheDir = cacheDir;
  }

  /**
   * Ends what was asked about the same dataset before.
   * @returns paths of the PNG files, per image one a copy; none for an image that cannot be read
   * @throws cancelled when a newer question came; file-damaged, file-changed, not-found … when no image can be read
   */
  async make(
    datasetId: string,
    images: readonly Pick<DatasetImage, 'path' | 'sha256' | 'state'>[],
    request: Omit<AugmentationRequest, 'positions'>,
  ): Promise<readonly string[][]> {
    if (this.#closed)
      throw new KarstError('cancelled', 'The studio is about to close.', { hint: '' });
    this.#asked.get(datasetId)?.abort.abort();
    const abort = new AbortController();
    const signal =
      request.signal === undefined ? abort.signal : AbortSignal.any([request.signal, abort.signal]);
    const ended = this.#ask(images, request, signal);
    const question = { abort, ended };
    this.#asked.set(datasetId, question);
    try {
      return await ended;
    } finally {
      if (this.#asked.get(datasetId) === question) this.#asked.delete(datasetId);
    }
  }

  async #ask(
    images: readonly Pick<DatasetImage, 'path' | 'sha256' | 'state'>[],
    { preprocessing, augmentation, copies, seed }: Omit<AugmentationRequest, 'positions'>,
    signal: AbortSignal,
  ): Promise<readonly string[][]> {
    if (images.length === 0) return [];
    const out = await this.#newFolder();
    const result = (await runEngineJob({
      spawn: this.#spawn,
      cacheDir: this.#cacheDir,
      graceMs: GRACE_MS,
      logFile: null,
      signal,
      job: {
        kind: 'augment',
        // A file that changed since the import is shown as it is now, under the state that says so.
        images: images.map((image) => ({
          path: image.path,
          sha256: isUsableFile(image) ? image.sha256 : '',
        })),
        preprocessing,
        augmentation,
        copies,
        seed,
        out,
      },
    })) as AugmentResult;
    const [problem] = result.problems;
    if (problem !== undefined && result.images.every((files) => files.length === 0))
      throw KarstError.fromReport(problem.error);
    return result.images.map((files) => files.map((file) => join(out, file)));
  }

  /** A new folder for one answer; the oldest go. */
  async #newFolder(): Promise<string> {
    try {
      this.#folder ??= mkdtemp(systemTemporaryPrefix('previews'));
      const folder = await mkdtemp(join(await this.#folder, 'answer-'));
      this.#answers.push(folder);
      for (const old of this.#answers.splice(0, Math.max(0, this.#answers.length - KEPT)))
        await rm(old, { recursive: true, force: true });
      return folder;
    } catch (error) {
      throw writeError(tmpdir(), error);
    }
  }

  /** Ends the engines and removes all pictures. */
  async close(): Promise<void> {
    this.#closed = true;
    const questions = [...this.#asked.values()];
    for (const { abort } of questions) abort.abort();
    await Promise.allSettled(questions.map(({ ended }) => ended));
    const folder = await this.#folder?.catch(() => null);
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}
