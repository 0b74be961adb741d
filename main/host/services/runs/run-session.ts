import type { EngineEvent, HostMessage } from '../../../../shared/contract/engine/messages.ts';
import type { MetricRecord } from '../../../../shared/domain/metrics.ts';
import type { MetricRepository } from '../../store/metrics.ts';
import type { RunProgress, RunRepository, StoredRun } from '../../store/runs.ts';
import type { RunControl } from '../../contract/runs.ts';
import { ActiveTime } from './active-time.ts';
import type { RunLog } from './run-log.ts';

/** Interval in milliseconds of polling the request column and writing metrics. */
const BEAT_MS = 1000;

/** Seconds of the run's time that a crash of the host may lose. */
const TIME_AT_RISK = 3;

/**
 * One execution of a run: stores the engine's reports in batches (each commit waits for the disk),
 * logs them, and forwards requests of other processes.
 */
export class RunSession {
  readonly #runId: string;
  readonly #runs: RunRepository;
  readonly #metrics: MetricRepository;
  readonly #log: RunLog;
  readonly #write: (work: () => void) => void;
  #records: MetricRecord[] = [];
  #progress: { -readonly [K in keyof RunProgress]: RunProgress[K] } = {};
  readonly #time: ActiveTime | null;
  #storedSeconds = 0;
  #first = true;
  #stopped = false;
  #send: ((message: HostMessage) => void) | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param run its `activeSeconds` are those of its earlier sessions */
  constructor(
    run: Pick<StoredRun, 'id' | 'activeSeconds'>,
    repositories: { runs: RunRepository; metrics: MetricRepository },
    log: RunLog,
    write: (work: () => void) => void,
  ) {
    this.#runId = run.id;
    this.#time = run.activeSeconds === null ? null : new ActiveTime(run.activeSeconds);
    this.#storedSeconds = run.activeSeconds ?? 0;
    this.#runs = repositories.runs;
    this.#metrics = repositories.metrics;
    this.#log = log;
    this.#write = write;
  }

  /** Whether the run was asked to end early. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** See `runs.activeSeconds`; null when those of earlier sessions are not known. */
  get activeSeconds(): number | null {
    return this.#time?.seconds ?? null;
  }

  /** @param onFailure called when polling or writing the store fails */
  start(send: (message: HostMessage) => void, onFailure: (error: unknown) => void): RunControl {
    this.#send = send;
    const beat = (): void => {
      try {
        this.flush();
        if (!this.#stopped && this.#runs.requested(this.#runId) === 'stop') this.stop();
      } catch (error) {
        onFailure(error);
      }
    };
    this.#timer = setInterval(beat, BEAT_MS);
    // A run resumed only to be stopped has its stop request pending before its first step.
    beat();
    return {
      pause: () => send({ type: 'pause' }),
      resume: () => send({ type: 'resume' }),
      stop: () => this.stop(),
    };
  }

  stop(): void {
    const first = !this.#stopped;
    this.#stopped = true;
    this.#send?.({ type: 'stop' });
    if (first) this.#log.write('info', 'Asked to stop and keep the best adapter.');
  }

  receive(event: EngineEvent): void {
    this.#log.engine(event);
    switch (event.type) {
      case 'metrics':
        this.#receiveMetrics(event.record);
        break;
      case 'checkpoint':
        this.#progress.checkpointStep = event.step;
        this.#progress.step = Math.max(this.#progress.step ?? 0, event.step);
        this.flush();
        break;
      case 'state':
        this.#progress.state = event.state;
        this.#time?.run(event.state === 'running');
        this.flush();
        break;
    }
  }

  #receiveMetrics(record: MetricRecord): void {
    // A resumed run continues from its checkpoint: stored reports after it are removed.
    if (this.#first) this.#metrics.removeFrom(this.#runId, record.step);
    this.#first = false;
    this.#records.push(record);
    this.#progress.step = record.step;
    this.#progress.epoch = record.epoch;
    if (record.kind === 'validation' && record.best) {
      this.#progress.bestTop1 = record.top1;
      this.#progress.bestLoss = record.loss;
    }
  }

  /** Writes all accumulated reports. */
  flush(): void {
    const records = this.#records;
    const progress = this.#progress;
    const seconds = this.#time?.seconds ?? 0;
    const idle = records.length === 0 && Object.keys(progress).length === 0;
    if (idle && seconds - this.#storedSeconds < TIME_AT_RISK) return;
    if (this.#time !== null) progress.activeSeconds = seconds;
    this.#write(() => {
      for (const record of records) this.#metrics.insert(this.#runId, record);
      this.#runs.progress(this.#runId, progress);
    });
    this.#records = [];
    this.#progress = {};
    this.#storedSeconds = seconds;
  }

  /** Stops its clock and timer; a flush writes what is left. */
  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#time === null) return;
    this.#time.run(false);
    this.#progress.activeSeconds = this.#time.seconds;
  }
}
