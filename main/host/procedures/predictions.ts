import type { FileAnswer } from '../../../shared/contract/engine/messages.ts';
import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type {
  PredictionAnswer,
  adapterProcedures as procedures,
} from '../../../shared/contract/window/adapters.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { ProcedureContext } from './context.ts';
import type { MediaRegistry } from '../media/media-registry.ts';

type Names = Extract<keyof typeof procedures, `predictions.${string}`>;

/** One input: its file, or why there is none. */
interface Asked {
  readonly media: string | null;
  readonly path: string | null;
  readonly file: string | null;
  readonly error: ErrorReport | null;
}

export function predictionProcedures({
  studio: { adapters, predictions },
  media: registry,
  tasks,
}: ProcedureContext): Handlers<Names> {
  return {
    async 'predictions.make'({ adapterId, media, paths, top }) {
      const began = performance.now();
      const asked = [
        ...media.map((name) => askedMedia(name, registry)),
        ...paths.map((path): Asked => ({ media: null, path, file: path, error: null })),
      ];
      const files = asked.flatMap(({ file }) => (file === null ? [] : [file]));
      const given = await predictions.atOnce(adapterId, { paths: files, top });
      const remaining = given[Symbol.iterator]();
      const answers = asked.map((one): PredictionAnswer => {
        if (one.file === null) return withoutFile(one);
        const { value } = remaining.next();
        if (value === undefined)
          throw new KarstError('internal', 'The engine left a picture out.', {
            hint: 'This is a fault in KARST Studio: please report it with the log.',
          });
        return answerOf(one, value, registry);
      });
      return { answers, seconds: (performance.now() - began) / 1000 };
    },
    'predictions.folder'({ adapterId, folder, out, top }) {
      const { id, name } = adapters.get(adapterId);
      return tasks.start('predict-folder', name, async ({ signal, host, engine }) => {
        const table = await predictions.ofFolder(id, {
          folder,
          out,
          top,
          signal,
          onProgress: host,
          onEvent: engine,
        });
        return { kind: 'predictions', ...table };
      });
    },
  };
}

function askedMedia(media: string, registry: MediaRegistry): Asked {
  try {
    return { media, path: null, file: registry.pathOf(media), error: null };
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
  registry: MediaRegistry,
): PredictionAnswer {
  if ('predictions' in answer) {
    // A file that was decoded can be shown.
    const shown = media ?? (file === null ? null : registry.register(file));
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
