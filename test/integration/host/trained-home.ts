import { join } from 'node:path';
import { afterEach } from 'vitest';
import { openDispatcher, type Dispatcher } from '../../../main/host/api/dispatch.ts';
import type { Studio, StudioOptions } from '../../../main/host/contract/studio.ts';
import type { EventName, EventPayload } from '../../../shared/contract/window/events.ts';
import type {
  HostProcedureName,
  Input,
  Output,
} from '../../../shared/contract/window/procedures.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import { PROCEDURES } from '../../../shared/contract/window/procedures.ts';
import * as v from 'valibot';
import { PreparedHome } from '../../unit/host/prepared-home.ts';
import { CONFIG, fakeEngine } from '../../unit/host/support.ts';

/** A client of a studio's API, like a window. */
export class ApiClient {
  readonly studio: Studio;
  readonly events: [EventName, unknown][] = [];
  readonly #api: Dispatcher;

  constructor(studio: Studio, api: Dispatcher) {
    this.studio = studio;
    this.#api = api;
    api.onEvent((event, payload) => this.events.push([event, payload]));
  }

  /** Calls a procedure and validates the output against its schema. */
  async ask<N extends HostProcedureName>(name: N, input: Input<N>): Promise<Output<N>> {
    const answer = await this.#api.call(name, input);
    return v.parse(PROCEDURES[name].output, answer) as Output<N>;
  }

  /** Waits until a task has ended. */
  async end({ id }: Task): Promise<Task> {
    for (;;) {
      const task = (await this.ask('tasks.list', {})).find((one) => one.id === id);
      if (task === undefined) throw new Error(`the task ${id} is not on the board`);
      if (task.state !== 'running') return task;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The library parts that windows were notified to reload. */
  told(): string[] {
    return this.events.flatMap(([event, payload]) => {
      if (event !== 'library') return [];
      const { part, id } = payload as EventPayload<'library'>;
      return [id === null ? part : `${part} ${id}`];
    });
  }

  close(): Promise<void> {
    return this.#api.close();
  }
}

/** A prepared home with the adapter "first", trained by the test double. */
export class TrainedHome {
  readonly #prepared: PreparedHome;
  readonly #apis: ApiClient[] = [];

  /** @param prepare extends the template, once */
  constructor(prepare: (studio: Studio, template: string) => Promise<void> = async () => {}) {
    this.#prepared = new PreparedHome(async (studio, template) => {
      const run = await studio.runs.create({
        backbone: 'tiny',
        dataset: 'two',
        name: 'first',
        config: CONFIG,
      });
      await studio.scheduler.train(run.id, { resume: false });
      await prepare(studio, template);
    });
    afterEach(async () => {
      for (const api of this.#apis.splice(0)) await api.close();
    });
  }

  /** Folder with `images`, `backbone` and `home`. */
  get template(): string {
    return this.#prepared.template;
  }

  /** This test's copy of the home. */
  get home(): string {
    return this.#prepared.home;
  }

  /** @param env environment of the test double */
  open(env: Record<string, string> = {}, options: Partial<StudioOptions> = {}): Promise<Studio> {
    return this.#prepared.open({ spawn: fakeEngine(env), graceMs: 10_000, ...options });
  }

  async api(
    env: Record<string, string> = {},
    options: Partial<StudioOptions> = {},
  ): Promise<ApiClient> {
    const studio = await this.open(env, options);
    const cacheDir = join(this.home, 'cache');
    const api = new ApiClient(studio, await openDispatcher({ studio, cacheDir }));
    this.#apis.push(api);
    return api;
  }
}
