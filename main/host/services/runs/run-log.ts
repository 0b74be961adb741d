import { appendFileSync } from 'node:fs';
import type { EngineEvent } from '../../../../shared/contract/engine/messages.ts';
import type { LogLine } from '../../../../shared/contract/window/runs.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { openFile, readError, writeError } from '../../../formats/files.ts';
import { now } from '../../store/rows.ts';

/** Number of bytes at the end of a log that are searched for its last lines. */
const TAIL_BYTES = 512 * 1024;

const LINE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (info|warning|error) +(.*)$/;

/** Messages that TensorFlow prints at every start, at any log level. */
const SMALL_TALK = /absl::InitializeLog|oneDNN custom operations are on/;

/** Prefix of TensorFlow's log lines: letter of the level, month and day. */
const TENSORFLOW_LINE = /^([IWEF])\d{4} /;
const TENSORFLOW_LEVELS: Record<string, LogLine['level']> = { I: 'info', W: 'warning' };

/**
 * `log.txt` of a run: one event per line, `<time> <level> <message>`, interleaved with the engine
 * process's own output.
 */
export class RunLog {
  readonly #path: string;
  readonly #onLine: (line: LogLine) => void;

  /** @param onLine called with every line added */
  constructor(path: string, onLine: (line: LogLine) => void) {
    this.#path = path;
    this.#onLine = onLine;
  }

  /** @throws not-writable */
  write(level: LogLine['level'], message: string): void {
    const line = { at: now(), level, message: message.replaceAll(/\s*[\r\n]+\s*/g, ' ') };
    try {
      // Synchronous: the last lines before a crash are the most interesting.
      appendFileSync(this.#path, `${line.at} ${level.padEnd(7)} ${line.message}\n`);
    } catch (error) {
      throw writeError(this.#path, error);
    }
    this.#onLine(line);
  }

  /** Logs an engine event if it is of lasting interest. */
  engine(event: EngineEvent): void {
    switch (event.type) {
      case 'ready': {
        const { backend, tensorflow, devices, device, threads } = event.device;
        const what = {
          tensorflow: `TensorFlow ${tensorflow ?? ''}`,
          'tfjs-cpu': 'plain JavaScript',
          webgpu: `WebGPU (${devices.at(-1) ?? ''})`,
        }[backend];
        this.write('info', `The engine runs on ${what}, ${device}, ${threads} threads.`);
        break;
      }
      case 'log':
        this.write(event.level, event.message);
        break;
      case 'unreadable':
        this.write('warning', event.error.message);
        break;
      case 'checkpoint':
        this.write('info', `Checkpoint at step ${event.step}.`);
        break;
      case 'state':
        this.write('info', event.state === 'paused' ? 'Paused.' : 'Goes on.');
        break;
      case 'first-step': {
        const { tensorflow, graph, images, xla } = event;
        const parts = `TensorFlow ${tensorflow.toFixed(1)} s, graph ${graph.toFixed(1)} s, images ${images.toFixed(1)} s`;
        this.write('info', `First step: ${parts}, compiling and the step ${xla.toFixed(1)} s.`);
        break;
      }
      case 'metrics':
        if (event.record.kind === 'validation') {
          const { epoch, top1, loss, best } = event.record;
          const figures = `top-1 ${(100 * top1).toFixed(1)} %, loss ${loss.toPrecision(4)}`;
          this.write(
            'info',
            `Validated epoch ${epoch}: ${figures}${best ? ', the best so far' : ''}.`,
          );
        }
        break;
    }
  }
}

/**
 * Returns the last lines of a run's log. Lines of the engine's own output get the time of the
 * previous line and a level guessed from their text.
 * @param fallback time of the lines before the first one with a time
 * @throws not-readable
 */
export async function readRunLog(
  path: string,
  count: number,
  fallback: string,
): Promise<LogLine[]> {
  const text = await readTail(path);
  let at = fallback;
  const lines = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !SMALL_TALK.test(line))
    .map((line): LogLine => {
      const [, time, level, message] = LINE.exec(line) ?? [];
      if (time === undefined) return { at, level: levelOf(line), message: line };
      at = time;
      return { at, level: level as LogLine['level'], message: message ?? '' };
    });
  return lines.slice(-count);
}

function levelOf(line: string): LogLine['level'] {
  const letter = TENSORFLOW_LINE.exec(line)?.[1];
  if (letter !== undefined) return TENSORFLOW_LEVELS[letter] ?? 'error';
  if (/\b(error|fatal|abort)/i.test(line)) return 'error';
  return /\bwarn/i.test(line) ? 'warning' : 'info';
}

/** Returns the end of a file, from the start of a line; empty if the file does not exist. */
async function readTail(path: string): Promise<string> {
  try {
    const handle = await openFile(path);
    try {
      const { size } = await handle.stat();
      const from = Math.max(0, size - TAIL_BYTES);
      const bytes = Buffer.alloc(size - from);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      const text = bytes.toString('utf8', 0, bytesRead);
      return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof KarstError && error.code === 'not-found') return '';
    throw readError(path, error);
  }
}
