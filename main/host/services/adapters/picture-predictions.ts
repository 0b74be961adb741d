import type { FileAnswer } from '../../../../shared/contract/engine/messages.ts';
import type { PredictionAnswer } from '../../../../shared/contract/window/adapters.ts';
import { KarstError, toErrorReport } from '../../../../shared/domain/errors.ts';
import type { Predictor } from '../../../../shared/domain/predictor.ts';
import type { ErrorReport } from '../../../../shared/domain/error-report.ts';
import type { PredictionService } from '../../contract/adapters.ts';

/** Pictures by the names that windows know them by. */
export interface PictureNames {
  /** @throws not-found */
  pathOf(media: string): string;
  register(path: string): string;
}

/** Pictures that a window asks about: those it knows by name, then those by path. */
export interface AskedPictures {
  readonly media: readonly string[];
  readonly paths: readonly string[];
  readonly top: number;
}

/** One input: its file, or why there is none. */
interface Asked {
  readonly media: string | null;
  readonly path: string | null;
  readonly file: string | null;
  readonly error: ErrorReport | null;
}

/** An answer for each picture, in their order: predictions, or why there are none. */
export async function predictPictures(
  predictions: Pick<PredictionService, 'atOnce'>,
  names: PictureNames,
  model: Predictor,
  { media, paths, top }: AskedPictures,
): Promise<PredictionAnswer[]> {
  const asked = [
    ...media.map((name) => askedByName(name, names)),
    ...paths.map((path): Asked => ({ media: null, path, file: path, error: null })),
  ];
  const files = asked.flatMap(({ file }) => (file === null ? [] : [file]));
  const given = await predictions.atOnce(model, { paths: files, top });
  const remaining = given[Symbol.iterator]();
  return asked.map((one): PredictionAnswer => {
    if (one.file === null) return withoutFile(one);
    const { value } = remaining.next();
    if (value === undefined)
      throw new KarstError('internal', 'The engine returned no prediction for a picture.', {
        hint: 'This is a fault in KARST Studio: please report it with the log.',
      });
    return answerOf(one, value, names);
  });
}

function askedByName(media: string, names: PictureNames): Asked {
  try {
    return { media, path: null, file: names.pathOf(media), error: null };
  } catch (error) {
    return { media, path: null, file: null, error: toErrorReport(error) };
  }
}

function withoutFile({ media, path, error }: Asked): PredictionAnswer {
  return { media, path, predictions: [], error };
}

function answerOf(
  { media, path, file }: Asked,
  answer: FileAnswer,
  names: PictureNames,
): PredictionAnswer {
  if ('predictions' in answer) {
    // A file that was decoded can be shown.
    const shown = media ?? (file === null ? null : names.register(file));
    return { media: shown, path, predictions: [...answer.predictions], error: null };
  }
  const { code, message, hint } = answer.error;
  // An upload is not named by the path where the host stores it.
  if (path === null && file !== null)
    return {
      media,
      path,
      predictions: [],
      error: { code, message: message.replaceAll(file, 'The picture'), hint },
    };
  return { media, path, predictions: [], error: answer.error };
}
