import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { EventName, EventPayload } from '../../../shared/contract/window/events.ts';
import type {
  LogLine,
  RunProgress,
  RunView,
  SampleSet,
} from '../../../shared/contract/window/runs.ts';
import type { MetricRecord, SampleRecord } from '../../../shared/domain/metrics.ts';
import type { Progress } from '../contract/watching.ts';
import type { Emit } from '../events.ts';

/** Throttle interval in milliseconds: at most four events per second of each kind. */
const BEAT_MS = 250;

/** Interval in milliseconds in which the run's time is told while nothing else is. */
const HEART_MS = 1000;

/** Phases with an estimate of the time left for the whole run; others keep the last one. */
const ESTIMATED: readonly string[] = ['features', 'training'];

/** Weight of the previous value in the smoothed speed. */
const SMOOTHING = 0.9;

export interface RunFeedOptions {
  readonly runId: string;
  readonly emit: Emit;
  /** Returns the current view of the run. */
  readonly view: () => RunView;
  readonly activeSeconds: () => number | null;
  readonly sampleSet: (record: SampleRecord) => SampleSet;
}

/**
 * Sends one run's progress to windows, throttled: between two sends, metrics and log lines
 * accumulate; of everything else only the latest value is kept.
 */
export class RunFeed {
  readonly #o: RunFeedOptions;
  #progress: RunProgress | null = null;
  #secondsLeft: number | null = null;
  #imagesPerSecond: number | null = null;
  #records: MetricRecord[] = [];
  #lines: LogLine[] = [];
  #samples: SampleRecord | null = null;
  #progressIsNew = false;
  #runIsNew = false;
  #toldAt = -Infinity;
  #timer: NodeJS.Timeout | null = null;
  readonly #heart: NodeJS.Timeout;

  constructor(options: RunFeedOptions) {
    this.#o = options;
    this.#heart = setInterval(() => this.#beat(), HEART_MS).unref();
  }

  /** The current activity of the run; null before the engine's first message. */
  get progress(): RunProgress | null {
    return this.#progress;
  }

  engine(event: EngineEvent): void {
    switch (event.type) {
      case 'progress': {
        const { phase, done, total, secondsLeft } = event;
        if (ESTIMATED.includes(phase)) this.#secondsLeft = secondsLeft;
        this.#move(phase, done, total);
        break;
      }
      case 'metrics':
        this.#records.push(event.record);
        if (event.record.kind === 'train') this.#pace(event.record.imagesPerSecond);
        else this.#runIsNew = true;
        break;
      case 'samples':
        this.#samples = event.record;
        break;
      case 'checkpoint':
      case 'state':
        this.#runIsNew = true;
        break;
      default:
        return;
    }
    this.#schedule();
  }

  /** Progress of the host's own phases, before the engine has started. */
  host({ phase, done, total }: Progress): void {
    this.#move(phase, done, total);
    this.#schedule();
  }

  log(line: LogLine): void {
    this.#lines.push(line);
    this.#schedule();
  }

  /** Marks the run as changed. */
  changed(): void {
    this.#runIsNew = true;
    this.#schedule();
  }

  /** Sends all pending events and the final state of the run. */
  end(): void {
    clearInterval(this.#heart);
    this.#progress = null;
    this.#progressIsNew = false;
    this.#runIsNew = true;
    this.#tell();
  }

  #move(phase: string, done: number, total: number): void {
    this.#progress = {
      phase,
      done: Math.max(0, Math.round(done)),
      total: Math.max(0, Math.round(total)),
      secondsLeft: this.#secondsLeft,
      imagesPerSecond: this.#imagesPerSecond,
      activeSeconds: this.#o.activeSeconds(),
    };
    this.#progressIsNew = true;
  }

  /** Compiling says nothing for many seconds, and a pause changes nothing. */
  #beat(): void {
    if (this.#progress === null) return;
    const activeSeconds = this.#o.activeSeconds();
    if (activeSeconds === this.#progress.activeSeconds) return;
    this.#progress = { ...this.#progress, activeSeconds };
    this.#progressIsNew = true;
    this.#schedule();
  }

  #pace(now: number): void {
    const before = this.#imagesPerSecond;
    this.#imagesPerSecond = before === null ? now : SMOOTHING * before + (1 - SMOOTHING) * now;
  }

  #schedule(): void {
    const wait = this.#toldAt + BEAT_MS - performance.now();
    if (wait <= 0) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), wait);
  }

  #tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#toldAt = performance.now();
    const { runId } = this.#o;
    if (this.#records.length > 0)
      this.#emit('metrics', { runId, records: this.#records.splice(0) });
    if (this.#lines.length > 0) this.#emit('log', { runId, lines: this.#lines.splice(0) });
    if (this.#samples !== null)
      this.#emit('samples', { runId, samples: this.#o.sampleSet(this.#samples) });
    this.#samples = null;
    if (this.#progressIsNew && this.#progress !== null)
      this.#emit('runProgress', { runId, progress: this.#progress });
    this.#progressIsNew = false;
    if (this.#runIsNew) this.#emit('run', this.#o.view());
    this.#runIsNew = false;
  }

  #emit<N extends EventName>(event: N, payload: EventPayload<N>): void {
    this.#o.emit(event, payload);
  }
}
