import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
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
import {
  CONFIG,
  fakeEngine,
  studioIn,
  temporaryFolder,
  writeBackbone,
  writeClassFolders,
} from '../../unit/host/support.ts';

/** A client of a studio's API, as a window is. */
export class ApiClient {
  readonly studio: Studio;
  readonly events: [EventName, unknown][] = [];
  readonly #api: Dispatcher;

  constructor(studio: Studio, api: Dispatcher) {
    this.studio = studio;
    this.#api = api;
    api.onEvent((event, payload) => this.events.push([event, payload]));
  }

  /** The answer is checked against its schema. */
  async ask<N extends HostProcedureName>(name: N, input: Input<N>): Promise<Output<N>> {
    const answer = await this.#api.call(name, input);
    return v.parse(PROCEDURES[name].output, answer) as Output<N>;
  }

  /** Waits for the end of a task. */
  async end({ id }: Task): Promise<Task> {
    for (;;) {
      const task = (await this.ask('tasks.list', {})).find((one) => one.id === id);
      if (task === undefined) throw new Error(`the task ${id} is not on the board`);
      if (task.state !== 'running') return task;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** What lists windows were told to look at again. */
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

/**
 * A home with the backbone "tiny", the dataset "two" (classes a and b, five images each, the fifth of each held back)
 * and the adapter "first", trained by the test double; a copy of it for each test.
 */
export class TrainedHome {
  /** With `images`, `backbone` and `home`. */
  template = '';
  home = '';
  readonly #apis: ApiClient[] = [];

  /** @param prepare adds to the template, once */
  constructor(prepare: (studio: Studio, template: string) => Promise<void> = async () => {}) {
    beforeAll(async () => {
      this.template = mkdtempSync(join(tmpdir(), 'karst-trained-'));
      await writeClassFolders(join(this.template, 'images'), { a: 5, b: 5 });
      await writeBackbone(join(this.template, 'backbone'));
      const studio = await studioIn(join(this.template, 'home'));
      await studio.backbones.add(join(this.template, 'backbone'), { name: 'tiny' });
      await studio.datasets.add(join(this.template, 'images'), { name: 'two' });
      const run = await studio.runs.create({
        backbone: 'tiny',
        dataset: 'two',
        name: 'first',
        config: CONFIG,
      });
      await studio.scheduler.train(run.id, { resume: false });
      await prepare(studio, this.template);
      await studio.close();
    });
    afterAll(() => rmSync(this.template, { recursive: true }));
    beforeEach(() => {
      this.home = join(temporaryFolder(), 'home');
      cpSync(join(this.template, 'home'), this.home, { recursive: true });
    });
    afterEach(async () => {
      for (const api of this.#apis.splice(0)) await api.close();
    });
  }

  /** @param env of the test double */
  open(env: Record<string, string> = {}, options: Partial<StudioOptions> = {}): Promise<Studio> {
    return studioIn(this.home, { spawn: fakeEngine(env), graceMs: 10_000, ...options });
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
