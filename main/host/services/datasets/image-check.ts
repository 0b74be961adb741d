import { stat } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { toErrorReport } from '../../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../../shared/domain/error-report.ts';
import { sha256OfFile } from '../../../formats/files.ts';
import { readImage } from '../../../formats/image.ts';

/** A worker's request about one file. */
export interface CheckRequest {
  readonly id: number;
  readonly path: string;
  /** `decode`: the whole image; `hash`: only its bytes. */
  readonly mode: 'decode' | 'hash';
}

export interface ImageFacts {
  readonly bytes: number;
  readonly sha256: string;
  /** Pixels after EXIF orientation; 0 in the mode `hash`. */
  readonly width: number;
  readonly height: number;
}

export type CheckAnswer =
  | { readonly id: number; readonly facts: ImageFacts }
  | { readonly id: number; readonly error: ErrorReport };

/** Reads a file completely and describes it. @throws what `readImage` throws */
export async function inspectImage(path: string, mode: CheckRequest['mode']): Promise<ImageFacts> {
  // Our readers run first: their errors are readable sentences.
  if (mode === 'hash') {
    const sha256 = await sha256OfFile(path);
    return { bytes: (await stat(path)).size, sha256, width: 0, height: 0 };
  }
  const { sha256, width, height } = await readImage(path);
  return { bytes: (await stat(path)).size, sha256, width, height };
}

parentPort?.on('message', ({ id, path, mode }: CheckRequest) => {
  inspectImage(path, mode).then(
    (facts) => parentPort?.postMessage({ id, facts } satisfies CheckAnswer),
    (error: unknown) =>
      parentPort?.postMessage({ id, error: toErrorReport(error) } satisfies CheckAnswer),
  );
});
