import { SingleBar } from 'cli-progress';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { Progress } from '../../host/contract/watching.ts';
import { paint, writeLine, type Console, type Sink } from './console.ts';
import { forTerminal } from './printable.ts';
import { ProgressState, validationLine } from './progress-state.ts';

/** Shows a job's progress on standard error. */
export interface ProgressView {
  /** Handles an engine's event. */
  readonly engine: (event: EngineEvent) => void;
  /** Handles progress of the host's own work. */
  readonly host: (progress: Progress) => void;
  /** Says how many epochs the run has, for "epoch 3 of 20". */
  expect(epochs: number): void;
  /** Prints a line without disturbing the bar. */
  line(text: string): void;
  /** Ends the display; may be called twice. */
  stop(): void;
}

export interface ProgressOptions {
  /** Seconds between lines where there is no terminal; default 10. */
  readonly interval?: number;
  readonly clock?: () => number;
}

/**
 * A bar that redraws itself on a terminal, plain lines at intervals elsewhere. Under `--json` the plain lines
 * are left out (scripts have the document), warnings stay.
 */
export function progressView(console: Console, options: ProgressOptions = {}): ProgressView {
  const clock = options.clock ?? (() => performance.now() / 1000);
  const state = new ProgressState(clock);
  let epochs: number | null = null;
  const display: Display =
    console.error.isTTY === true && !(console.json && console.out.isTTY === true)
      ? new BarDisplay(state, console.error)
      : new LineDisplay(state, console, clock, options.interval ?? 10);
  const warn = (message: string) =>
    display.line(`${paint(console.error, 'yellow', 'warning:')} ${message}`, true);
  return {
    engine(event) {
      switch (event.type) {
        case 'progress':
          display.progressed(state.update(event));
          break;
        case 'metrics':
          if (event.record.kind === 'validation') {
            display.line(validationLine(event.record, epochs, state.trainingLoss), false);
          }
          state.metrics(event.record);
          break;
        case 'log':
          if (event.level === 'warning') warn(event.message);
          else display.line(event.message, false);
          break;
        case 'unreadable':
          warn(event.error.message);
          break;
        case 'state':
          display.line(event.state === 'paused' ? 'paused' : 'resumed', false);
          break;
        default:
          break;
      }
    },
    host(progress) {
      display.progressed(state.update(progress));
    },
    expect: (count) => (epochs = count),
    line: (text) => display.line(text, false),
    stop: () => display.stop(),
  };
}

interface Display {
  progressed(newPhase: boolean): void;
  /** `important` lines are printed even where the display is silent. */
  line(text: string, important: boolean): void;
  stop(): void;
}

class BarDisplay implements Display {
  readonly #state: ProgressState;
  readonly #sink: Sink;
  #bar: SingleBar | null = null;

  constructor(state: ProgressState, sink: Sink) {
    this.#state = state;
    this.#sink = sink;
  }

  progressed(): void {
    this.#bar ??= this.#start();
    this.#bar.setTotal(Math.max(1, this.#state.total));
    this.#bar.update(this.#state.done);
  }

  line(text: string): void {
    // The bar owns the cursor's line: clear it, print, and let the next progress redraw it.
    this.stop();
    writeLine(this.#sink, text);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = null;
  }

  #start(): SingleBar {
    const bar = new SingleBar({
      stream: this.#sink as NodeJS.WritableStream,
      format: () => forTerminal(this.#format()),
      fps: 8,
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
      // The command handles Ctrl-C itself (it interrupts the run).
      gracefulExit: false,
    });
    bar.start(Math.max(1, this.#state.total), this.#state.done);
    return bar;
  }

  #format(): string {
    const { label, fraction, amount, details, total } = this.#state;
    const head = label.padEnd(16);
    if (total <= 0) return `${head} ${this.#state.done > 0 ? amount : '…'}`;
    const cells = Math.min(28, Math.max(8, (this.#sink.columns ?? 80) - 72));
    const full = Math.round(fraction * cells);
    const bar = paint(this.#sink, 'cyan', '█'.repeat(full)) + '░'.repeat(cells - full);
    const percent = `${Math.floor(fraction * 100)}`.padStart(3);
    return `${head} ${bar} ${percent} %  ${details === '' ? amount : details}`;
  }
}

class LineDisplay implements Display {
  readonly #state: ProgressState;
  readonly #sink: Sink;
  readonly #quiet: boolean;
  readonly #clock: () => number;
  readonly #interval: number;
  #printedAt = Number.NEGATIVE_INFINITY;

  constructor(state: ProgressState, console: Console, clock: () => number, interval: number) {
    this.#state = state;
    this.#sink = console.error;
    this.#quiet = console.json;
    this.#clock = clock;
    this.#interval = interval;
  }

  progressed(newPhase: boolean): void {
    if (this.#quiet) return;
    const { label, amount, details, phase, done } = this.#state;
    if (newPhase && phase !== 'training' && phase !== 'validating') {
      // Compiling has no amount of its own: it comes between steps.
      const counts = done > 0 && phase !== 'compiling';
      writeLine(this.#sink, counts ? `${label}: ${amount}` : label);
    } else if (this.#clock() - this.#printedAt >= this.#interval) {
      writeLine(this.#sink, `${label}: ${amount}${details === '' ? '' : `, ${details}`}`);
    } else return;
    this.#printedAt = this.#clock();
  }

  line(text: string, important: boolean): void {
    if (important || !this.#quiet) writeLine(this.#sink, text);
  }

  stop(): void {
    this.#printedAt = Number.NEGATIVE_INFINITY;
  }
}
