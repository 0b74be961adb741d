import * as v from 'valibot';
import {
  PROCEDURES,
  type Handlers,
  type ProcedureName,
  type ShellProcedureName,
} from '../../../shared/contract/window/procedures.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import { cacheFolder } from '../../platform/cache-folder.mjs';
import { isUsableFile } from '../services/manifest.ts';
import type { Studio } from '../contract/studio.ts';
import type { ProcedureContext } from '../procedures/context.ts';
import { Announcer, type EventListener } from '../events.ts';
import { hostHandlers } from '../procedures/handlers.ts';
import { MediaRegistry } from '../media/media-registry.ts';
import { RunPresenter } from '../scheduler/run-presenter.ts';
import { TaskBoard } from '../tasks/task-board.ts';
import type { Picture } from '../media/thumbnails.ts';

/** The API that windows use: procedures, events, pictures. */
export interface Dispatcher {
  /**
   * Handles a window's call.
   * @param input as received over the bridge, unchecked
   * @throws usage for an unknown procedure or an invalid input, naming the field; what the
   * procedure throws
   */
  call(procedure: string, input: unknown): Promise<unknown>;
  /** @returns a function that unsubscribes */
  onEvent(listener: EventListener): () => void;
  /** @param size longer side in pixels; null for the original */
  picture(media: string, size: number | null): Promise<Picture>;
  /**
   * Suspends runs with a checkpoint and cancels tasks. The studio stays open; its opener closes it.
   */
  close(): Promise<void>;
}

export interface DispatcherOptions {
  readonly studio: Studio;
  /** Cache folder; default the user's. */
  readonly cacheDir?: string;
  /** Handlers of the shell's procedures, where no shell provides them itself. */
  readonly shell?: Handlers<ShellProcedureName>;
}

/** Opens the dispatcher of an open studio and starts the queued runs. */
export async function openDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { studio } = options;
  const cacheDir = options.cacheDir ?? cacheFolder();
  const announcer = new Announcer();
  const { emit } = announcer;
  const tasks = new TaskBoard(emit);
  const media = new MediaRegistry({
    cacheDir,
    datasetImage(datasetId, position) {
      const image = studio.datasets.image(datasetId, position);
      // A file that was never read or has changed must not show its old picture.
      return { path: image.path, sha256: isUsableFile(image) ? image.sha256 : null };
    },
    onProblem: (error) => emit('notice', { level: 'warning', error: error.toReport() }),
  });
  const presenter = new RunPresenter({ runs: studio.runs, emit, media });
  const unobserve = studio.scheduler.observe(presenter);
  const context: ProcedureContext = { studio, emit, tasks, media, presenter };
  const handlers: Partial<Handlers<ProcedureName>> = {
    ...hostHandlers(context),
    ...options.shell,
  };
  // In a read-only home no run can continue.
  if (!studio.readOnly) studio.scheduler.start();
  const tidied = media.tidy();
  let closed: Promise<void> | null = null;
  return {
    call: (procedure, input) => answer(handlers, procedure, input),
    onEvent: (listener) => announcer.listen(listener),
    picture: (name, size) => media.picture(name, size),
    close() {
      closed ??= (async () => {
        await Promise.all([studio.scheduler.close(), tasks.close(), tidied]);
        unobserve();
        await media.close();
      })();
      return closed;
    },
  };
}

async function answer(
  handlers: Partial<Handlers<ProcedureName>>,
  procedure: string,
  input: unknown,
): Promise<unknown> {
  try {
    if (!Object.hasOwn(PROCEDURES, procedure))
      throw new KarstError('usage', `There is no procedure "${procedure.slice(0, 100)}".`, {
        hint: 'This is a fault in KARST Studio: please report it.',
      });
    const name = procedure as ProcedureName;
    const handler = handlers[name] as ((checked: unknown) => unknown) | undefined;
    if (handler === undefined)
      throw new KarstError('not-available', `"${name}" is not available here.`, {
        hint: 'Use the desktop application for it.',
      });
    return await handler(checkInput(name, input));
  } catch (error) {
    throw error instanceof KarstError ? error : KarstError.fromReport(toErrorReport(error));
  }
}

/** @throws usage, naming the field */
function checkInput(procedure: ProcedureName, input: unknown): unknown {
  const outcome = v.safeParse(PROCEDURES[procedure].input, input);
  if (outcome.success) return outcome.output;
  const [issue] = outcome.issues;
  const path = v.getDotPath(issue);
  const field = path === null ? 'its input' : `"${path}"`;
  throw new KarstError('usage', `${procedure} refuses ${field}: ${sentence(issue.message)}`, {
    hint: 'Change that value and try again.',
  });
}

/** Limit in characters of a schema's message, which repeats the input. */
const LONGEST_REASON = 300;

function sentence(message: string): string {
  const whole = message.length > LONGEST_REASON ? `${message.slice(0, LONGEST_REASON)}…` : message;
  const text = whole.charAt(0).toLowerCase() + whole.slice(1);
  return /[.…]$/.test(text) ? text : `${text}.`;
}
