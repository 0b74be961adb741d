import { expect } from 'vitest';
import { RunPresenter } from '../../../main/host/scheduler/run-presenter.ts';
import type { NewRunOptions } from '../../../main/host/contract/runs.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import type { Emit } from '../../../main/host/events.ts';
import type { EventName } from '../../../shared/contract/window/events.ts';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { FakeEngines } from '../../fixtures/engines/fake-engine-handle.ts';
import type { PreparedHome } from './prepared-home.ts';
import { CONFIG } from './support.ts';

/** Two updates per epoch, two epochs. */
export const QUICK: TrainingConfig = { ...CONFIG, batchSize: 4 };

interface Told {
  readonly event: EventName;
  readonly payload: unknown;
}

/** The run operations that a window uses, without a window. */
function queueOf(studio: Studio, presenter: RunPresenter) {
  const { runs, scheduler } = studio;
  const view = (id: string): RunView => presenter.view(id);
  return {
    start: () => scheduler.start(),
    close: () => scheduler.close(),
    list: () => presenter.list(),
    view,
    async create(options: NewRunOptions): Promise<RunView> {
      const { id } = await runs.create(options);
      return view(scheduler.enter(id).id);
    },
    extend: async (id: string, epochs: number) => view((await scheduler.extend(id, epochs)).id),
    pause: (id: string) => view(scheduler.pause(id).id),
    resume: (id: string) => view(scheduler.resume(id).id),
    stop: (id: string) => view(scheduler.stop(id).id),
    move(id: string, before: string | null): RunView[] {
      scheduler.move(id, before);
      return presenter.list();
    },
    rename: (id: string, name: string) => presenter.tell(runs.rename(id, name).id),
    note: (id: string, text: string) => presenter.tell(runs.note(id, text).id),
    remove: (id: string) => presenter.remove(id),
    metrics: runs.metrics.bind(runs),
    samples: (id: string) => presenter.samples(id),
    log: (id: string) => runs.log(id),
  };
}
export type Queue = ReturnType<typeof queueOf>;

/** Opens a queue over the home, with fake engines. */
export async function openQueue(prepared: PreparedHome, o: { start?: boolean } = {}) {
  const engines = new FakeEngines();
  const studio = await prepared.open({ spawn: engines.spawn, graceMs: 1000 });
  const told: Told[] = [];
  const emit: Emit = (event, payload) => void told.push({ event, payload });
  const media = { register: (path: string) => `f.${path}` };
  const presenter = new RunPresenter({ runs: studio.runs, emit, media });
  studio.scheduler.observe(presenter);
  const queue = queueOf(studio, presenter);
  if (o.start !== false) queue.start();
  const create = (name: string): Promise<RunView> =>
    queue.create({ backbone: 'tiny', dataset: 'two', name, config: QUICK });
  const payloads = <T>(event: EventName): T[] =>
    told.filter((t) => t.event === event).map((t) => t.payload as T);
  /** Waits until a run reaches that state. */
  const state = (id: string, wanted: string) =>
    expect.poll(() => queue.view(id).state).toBe(wanted);
  return { engines, studio, queue, told, create, payloads, state };
}
