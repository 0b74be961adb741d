import type { LogLine, RunView, SampleSet } from '../../../shared/contract/studio/runs.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { Run } from '../../../shared/domain/library.ts';
import type { MetricRecord, SampleRecord } from '../../../shared/domain/metrics.ts';
import type { NewRunOptions, RunControl, RunDetail } from '../contract/runs.ts';
import type { Studio } from '../contract/studio.ts';
import type { Emit } from '../events.ts';
import type { MediaShelf } from '../media/media-shelf.ts';
import { RunFeed } from './run-feed.ts';

export interface RunQueueOptions {
  readonly studio: Pick<Studio, 'runs'>;
  readonly emit: Emit;
  readonly media: Pick<MediaShelf, 'register'>;
}

/** The run that is executed here. */
interface Current {
  readonly id: string;
  readonly feed: RunFeed;
  /** Suspends it. */
  readonly abort: AbortController;
  ended: Promise<void>;
  control: RunControl | null;
  /** What was asked for before there was an engine to tell. */
  asked: 'pause' | 'stop' | null;
}

/**
 * Trains one run at a time, in an order that outlives the studio, and tells windows of it. A run that fails makes
 * room for the next. Runs that were interrupted wait until somebody resumes them; a paused one keeps its engine, and
 * with it its turn.
 */
export class RunQueue {
  readonly #runs: Studio['runs'];
  readonly #emit: Emit;
  readonly #media: Pick<MediaShelf, 'register'>;
  #current: Current | null = null;
  /** Until `start`; after no engine could be had, until somebody asks for another run; after `close`, for good. */
  #state: 'idle' | 'going' | 'held' | 'closed' = 'idle';

  constructor({ studio, emit, media }: RunQueueOptions) {
    this.#runs = studio.runs;
    this.#emit = emit;
    this.#media = media;
  }

  /** Takes up the runs that wait. */
  start(): void {
    if (this.#state === 'idle') this.#state = 'going';
    this.#next();
  }

  list(): RunView[] {
    return this.#runs.details().map((run) => this.#view(run));
  }

  /** A run as windows see it. @throws not-found */
  view(id: string): RunView {
    return this.#view(this.#runs.detail(id));
  }

  /** Makes a run and puts it behind those that wait. @throws what `RunService.create` does */
  async create(options: NewRunOptions): Promise<RunView> {
    return this.#enter(await this.#runs.create(options));
  }

  /** @throws run-state, checkpoint-invalid, config-invalid */
  async extend(id: string, epochs: number): Promise<RunView> {
    const run = await this.#runs.extend(id, epochs);
    this.#goOn();
    return this.#told(run);
  }

  /** @throws run-state when it is not executed here */
  pause(id: string): RunView {
    const current = this.#requireCurrent(id);
    if (current.control === null) current.asked ??= 'pause';
    else current.control.pause();
    return this.view(id);
  }

  /** Goes on with a paused run; puts a new, interrupted or failed one into the queue. @throws run-state */
  resume(id: string): RunView {
    const run = this.#runs.get(id);
    const current = this.#current;
    if (current?.id !== run.id) return this.#enter(run);
    if (current.control === null) current.asked = current.asked === 'stop' ? 'stop' : null;
    else current.control.resume();
    return this.view(run.id);
  }

  /** Ends a run and keeps its best adapter; takes a waiting one out of the queue. @throws run-state */
  stop(id: string): RunView {
    const run = this.#runs.detail(id);
    const current = this.#current;
    if (current?.id === run.id) {
      if (current.control === null) current.asked = 'stop';
      else current.control.stop();
      return this.view(run.id);
    }
    if (run.queuePosition === null) return this.#told(this.#runs.requestStop(run.id));
    const left = this.#told(this.#runs.dequeue(run.id));
    this.#tellWaiting();
    return left;
  }

  /** @param before the run to come before, `null` for the end. @throws run-state when it does not wait */
  move(id: string, before: string | null): RunView[] {
    this.#runs.move(id, before);
    this.#tellWaiting();
    return this.list();
  }

  /** @throws name-taken, usage */
  rename(id: string, name: string): RunView {
    return this.#told(this.#runs.rename(id, name));
  }

  note(id: string, text: string): RunView {
    return this.#told(this.#runs.note(id, text));
  }

  /** @throws run-state while it is executed */
  async remove(id: string): Promise<void> {
    const { projectId } = this.#runs.detail(id);
    const run = await this.#runs.remove(id);
    this.#listsChanged(run.id, projectId);
    this.#emit('library', { part: 'bin', id: run.id });
    this.#tellWaiting();
  }

  metrics(id: string, afterStep: number, limit?: number): MetricRecord[] {
    return this.#runs.metrics(id, afterStep, limit);
  }

  async samples(id: string): Promise<SampleSet[]> {
    return (await this.#runs.samples(id)).map((record) => this.#sampleSet(record));
  }

  async log(id: string): Promise<LogLine[]> {
    return this.#runs.log(id);
  }

  /** Suspends the run that is executed, with a checkpoint; those that wait stay in the queue. */
  async close(): Promise<void> {
    this.#state = 'closed';
    const current = this.#current;
    current?.abort.abort();
    await current?.ended;
  }

  /** Puts a run into the queue. */
  #enter(run: Run): RunView {
    const entered = this.#runs.enqueue(run.id);
    this.#listsChanged(run.id, this.#runs.detail(run.id).projectId);
    this.#goOn();
    return this.#told(entered);
  }

  /** The list of runs is another, and with it what its project says of itself. */
  #listsChanged(id: string, projectId: string | null): void {
    this.#emit('library', { part: 'runs', id });
    if (projectId !== null) this.#emit('library', { part: 'projects', id: projectId });
  }

  /** Somebody wants a run: whatever held the queue, it is tried again. */
  #goOn(): void {
    if (this.#state === 'held') this.#state = 'going';
    this.#next();
  }

  #next(): void {
    if (this.#state !== 'going' || this.#current !== null) return;
    const [run] = this.#runs.queued();
    if (run === undefined) return;
    const feed = new RunFeed({
      runId: run.id,
      emit: this.#emit,
      view: () => this.view(run.id),
      sampleSet: (record) => this.#sampleSet(record),
    });
    const abort = new AbortController();
    const current: Current = {
      id: run.id,
      feed,
      abort,
      control: null,
      asked: null,
      ended: Promise.resolve(),
    };
    this.#current = current;
    current.ended = this.#execute(current);
  }

  /** Never rejects: how a run ended is the run's state, and what could not be stored is told to windows. */
  async #execute(current: Current): Promise<void> {
    const { id, feed, abort } = current;
    try {
      const { adapter } = await this.#runs.execute(id, {
        resume: true,
        signal: abort.signal,
        onProgress: (progress) => feed.host(progress),
        onEvent: (event) => {
          feed.engine(event);
          // The first word of the engine: the run is no longer one that waits, and the others move up.
          if (event.type === 'ready') this.#tellWaiting();
        },
        onLog: (line) => feed.log(line),
        onControl: (control) => {
          current.control = control;
          if (current.asked === 'pause') control.pause();
          else if (current.asked === 'stop') control.stop();
          feed.changed();
        },
      });
      this.#emit('library', { part: 'adapters', id: adapter.id });
    } catch (error) {
      this.#handle(id, error);
    } finally {
      this.#current = null;
      this.#tell(() => feed.end());
      this.#tell(() => this.#listsChanged(id, this.#runs.detail(id).projectId));
      this.#tell(() => this.#tellWaiting());
      this.#tell(() => this.#next());
    }
  }

  /** What is left to do when a run did not come to its end. */
  #handle(id: string, error: unknown): void {
    const report = toErrorReport(error);
    // Every run would end like this: those that wait are spared.
    if (report.code === 'engine-unavailable' && this.#state === 'going') this.#state = 'held';
    if (this.#state === 'closed') return;
    this.#tell(() => {
      // One that was not even begun (its backbone is gone, say) still waits, and would be tried for ever.
      const run = this.#runs.giveUp(id, report);
      const known = run.state === 'failed' || run.state === 'interrupted';
      if (!known) this.#emit('notice', { level: 'error', error: report });
    });
  }

  /** Does what must not end the queue; an error of the library is told to windows. */
  #tell(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#emit('notice', { level: 'error', error: toErrorReport(error) });
    }
  }

  /** Positions in the queue have changed. */
  #tellWaiting(): void {
    for (const { id } of this.#runs.queued()) this.#emit('run', this.view(id));
  }

  #told(run: Run): RunView {
    const view = this.view(run.id);
    this.#emit('run', view);
    return view;
  }

  #view(run: RunDetail): RunView {
    const progress = this.#current?.id === run.id ? this.#current.feed.progress : null;
    const { karst } = run.config;
    const config = { ...run.config, karst: { ...karst, targetModules: [...karst.targetModules] } };
    return { ...run, classes: [...run.classes], config, progress };
  }

  #sampleSet({ epoch, images }: SampleRecord): SampleSet {
    return {
      epoch,
      images: images.map(({ path, truth, predictions }) => ({
        media: this.#media.register(path),
        truth,
        predictions: [...predictions],
      })),
    };
  }

  #requireCurrent(id: string): Current {
    const run = this.#runs.get(id);
    if (this.#current?.id === run.id) return this.#current;
    throw new KarstError(
      'run-state',
      run.state === 'running' || run.state === 'paused'
        ? `The run "${run.name}" is executed by another process.`
        : `The run "${run.name}" (${run.state}) is not being trained.`,
      {
        hint:
          run.state === 'running' || run.state === 'paused'
            ? 'Pause it where it was started.'
            : 'Only a run that is being trained can be paused.',
      },
    );
  }
}
