import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { LogLine, RunView, SampleSet } from '../../../shared/contract/window/runs.ts';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Adapter } from '../../../shared/domain/library.ts';
import type { SampleRecord } from '../../../shared/domain/metrics.ts';
import type { RunDetail, RunService } from '../contract/runs.ts';
import type { RunObserver } from '../contract/scheduler.ts';
import type { Progress } from '../contract/watching.ts';
import type { Emit } from '../events.ts';
import type { MediaRegistry } from '../media/media-registry.ts';
import { RunFeed } from './run-feed.ts';

export interface RunPresenterOptions {
  readonly runs: RunService;
  readonly emit: Emit;
  readonly media: Pick<MediaRegistry, 'register'>;
}

/** Provides views of runs to windows and emits events when they change. */
export class RunPresenter implements RunObserver {
  readonly #runs: RunService;
  readonly #emit: Emit;
  readonly #media: Pick<MediaRegistry, 'register'>;
  /** Feed of the run trained by this process. */
  #feed: { readonly runId: string; readonly feed: RunFeed } | null = null;

  constructor({ runs, emit, media }: RunPresenterOptions) {
    this.#runs = runs;
    this.#emit = emit;
    this.#media = media;
  }

  list(): RunView[] {
    return this.#runs.details().map((run) => this.#view(run));
  }

  /** @throws not-found */
  view(id: string): RunView {
    return this.#view(this.#runs.detail(id));
  }

  /** Announces a changed run to windows and returns its view. */
  tell(id: string): RunView {
    const view = this.view(id);
    this.#emit('run', view);
    return view;
  }

  /** @throws run-state while the run is executing */
  async remove(id: string): Promise<void> {
    const { projectId } = this.#runs.detail(id);
    const run = await this.#runs.remove(id);
    this.#listsChanged(run.id, projectId);
    this.#emit('library', { part: 'bin', id: run.id });
    this.reordered();
  }

  async samples(id: string): Promise<SampleSet[]> {
    return (await this.#runs.samples(id)).map((record) => this.#sampleSet(record));
  }

  began(runId: string): void {
    const feed = new RunFeed({
      runId,
      emit: this.#emit,
      view: () => this.view(runId),
      activeSeconds: () => this.#runs.activeSeconds(runId),
      sampleSet: (record) => this.#sampleSet(record),
    });
    this.#feed = { runId, feed };
  }

  progressed(_runId: string, progress: Progress): void {
    this.#feed?.feed.host(progress);
  }

  engineSaid(_runId: string, event: EngineEvent): void {
    this.#feed?.feed.engine(event);
  }

  logged(_runId: string, line: LogLine): void {
    this.#feed?.feed.log(line);
  }

  changed(runId: string): void {
    // The running run is announced by its throttled feed.
    if (this.#feed?.runId === runId) this.#feed.feed.changed();
    else this.tell(runId);
  }

  ended(runId: string, adapter: Adapter | null): void {
    const feed = this.#feed?.feed;
    this.#feed = null;
    if (adapter !== null) this.#emit('library', { part: 'adapters', id: adapter.id });
    this.#guard(() => feed?.end());
    this.#guard(() => this.entered(runId));
  }

  entered(runId: string): void {
    this.#listsChanged(runId, this.#runs.detail(runId).projectId);
  }

  reordered(): void {
    for (const { id } of this.#runs.queued()) this.tell(id);
  }

  failed(error: ErrorReport): void {
    this.#emit('notice', { level: 'error', error });
  }

  /** Announces a change of the list of runs and of the summary of the run's project. */
  #listsChanged(id: string, projectId: string | null): void {
    this.#emit('library', { part: 'runs', id });
    if (projectId !== null) this.#emit('library', { part: 'projects', id: projectId });
  }

  /** An announcement that cannot be read from the library must not block the following ones. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failed(toErrorReport(error));
    }
  }

  #view(run: RunDetail): RunView {
    const progress = this.#feed?.runId === run.id ? this.#feed.feed.progress : null;
    return { ...run, classes: [...run.classes], progress };
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
}
