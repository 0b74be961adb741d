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

/** Milliseconds between two tellings: at most four a second of each kind, however quick the steps. */
const BEAT_MS = 250;

/** Share of the older in the smoothed speed. */
const SMOOTHING = 0.9;

export interface RunFeedOptions {
  readonly runId: string;
  readonly emit: Emit;
  /** The run as windows see it, at the moment of asking. */
  readonly view: () => RunView;
  readonly sampleSet: (record: SampleRecord) => SampleSet;
}

/**
 * Tells windows what one run does, from its start to its end, in beats: what comes between two of them is gathered,
 * all of the metrics and lines, the last of everything else.
 */
export class RunFeed {
  readonly #o: RunFeedOptions;
  #progress: RunProgress | null = null;
  /** Of training; other phases do not know how long the rest takes. */
  #secondsLeft: number | null = null;
  #imagesPerSecond: number | null = null;
  #records: MetricRecord[] = [];
  #lines: LogLine[] = [];
  #samples: SampleRecord | null = null;
  #progressIsNew = false;
  #runIsNew = false;
  #toldAt = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: RunFeedOptions) {
    this.#o = options;
  }

  /** What the run does at this moment; null before its engine said anything. */
  get progress(): RunProgress | null {
    return this.#progress;
  }

  engine(event: EngineEvent): void {
    switch (event.type) {
      case 'progress': {
        const { phase, done, total, secondsLeft } = event;
        if (phase === 'training') this.#secondsLeft = secondsLeft;
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

  /** What the host does before there is an engine. */
  host({ phase, done, total }: Progress): void {
    this.#move(phase, done, total);
    this.#schedule();
  }

  log(line: LogLine): void {
    this.#lines.push(line);
    this.#schedule();
  }

  /** Something about the run itself changed. */
  changed(): void {
    this.#runIsNew = true;
    this.#schedule();
  }

  /** Tells what is left, and the run as it ended. */
  end(): void {
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
    };
    this.#progressIsNew = true;
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
