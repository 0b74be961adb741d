import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AugmentResult } from '../../../../shared/contract/engine/results.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { DatasetImage } from '../../../../shared/domain/library.ts';
import { writeError } from '../../../formats/files.ts';
import { systemTemporaryPrefix } from '../../../formats/system-temporaries.ts';
import { runEngineJob } from '../../engine/engine-job.ts';
import type { JobRegistry } from '../../engine/job-registry.ts';
import type { AugmentationRequest } from '../../contract/datasets.ts';
import type { EngineSpawner } from '../../contract/engine.ts';
import { isUsableFile } from '../manifest.ts';

/** Answers kept: a window shows the latest and may still be loading the previous one. */
const KEPT = 4;

/** Grace period in milliseconds for an engine whose answer is no longer needed. */
const GRACE_MS = 2_000;

/**
 * Makes previews of augmented images with engines. They are stored in a folder of this session,
 * removed at its end; only the latest answers are kept.
 */
export class AugmentationPreviews {
  readonly #spawn: EngineSpawner;
  readonly #cacheDir: string;
  readonly #jobs: JobRegistry;
  /** The latest question, by dataset. */
  readonly #asked = new Map<string, AbortController>();
  readonly #answers: string[] = [];
  #folder: Promise<string> | null = null;

  constructor(spawn: EngineSpawner, cacheDir: string, jobs: JobRegistry) {
    this.#spawn = spawn;
    this.#cacheDir = cacheDir;
    this.#jobs = jobs;
  }

  /**
   * Cancels the previous request for the same dataset.
   * @returns per image the paths of its PNG files, one per copy; none for an unreadable image
   * @throws cancelled when a newer question came; file-damaged, file-changed, not-found … when no
   * image can be read
   */
  async make(
    datasetId: string,
    images: readonly Pick<DatasetImage, 'path' | 'sha256' | 'state'>[],
    request: Omit<AugmentationRequest, 'positions'>,
  ): Promise<readonly string[][]> {
    this.#asked.get(datasetId)?.abort();
    const question = new AbortController();
    this.#asked.set(datasetId, question);
    const { signal: asker } = request;
    const signal =
      asker === undefined ? question.signal : AbortSignal.any([asker, question.signal]);
    try {
      return await this.#jobs.run(signal, (either) => this.#ask(images, request, either));
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
        // A file that has changed since the import is shown with that state.
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

  /** A new folder for one answer; removes the oldest. */
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

  /** Removes all previews once no engine writes any. */
  async close(): Promise<void> {
    const folder = await this.#folder?.catch(() => null);
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}
