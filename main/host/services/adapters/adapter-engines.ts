import type { BackboneReference, Job, JobResult } from '../../../../shared/contract/engine.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Adapter } from '../../../../shared/domain/library.ts';
import { readAdapterFolder } from '../../../formats/adapter-folder.ts';
import type { HomeFolders } from '../../home.ts';
import { runEngineJob } from '../../engine/engine-job.ts';
import type { EngineSpawner } from '../../contract/engine.ts';
import type { JobWatching, Watching } from '../../contract/watching.ts';
import { requireSameBackbone } from './adapter-jobs.ts';
import type { Backbones } from '../backbones.ts';
import { statOrNull } from '../paths.ts';

export interface AdapterEnginesContext {
  readonly folders: HomeFolders;
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  readonly backbones: Backbones;
}

/** Has engines do jobs with adapters, each on the backbone it was trained on. */
export class AdapterEngines {
  readonly #c: AdapterEnginesContext;
  readonly #active = new Map<AbortController, Promise<unknown>>();

  constructor(context: AdapterEnginesContext) {
    this.#c = context;
  }

  /** @throws what the engine reports; not-found, file-changed, backbone-mismatch before it is started */
  async run(
    adapter: Adapter,
    watching: JobWatching,
    job: (backbone: BackboneReference) => Job,
  ): Promise<JobResult> {
    const abort = new AbortController();
    const work = this.#run(adapter, watching, job, abort);
    this.#active.set(abort, work);
    try {
      return await work;
    } finally {
      this.#active.delete(abort);
    }
  }

  async #run(
    adapter: Adapter,
    watching: JobWatching,
    job: (backbone: BackboneReference) => Job,
    abort: AbortController,
  ): Promise<JobResult> {
    const { spawn, cacheDir, graceMs } = this.#c;
    const backbone = await this.backboneOf(adapter, watching);
    const signal =
      watching.signal === undefined
        ? abort.signal
        : AbortSignal.any([watching.signal, abort.signal]);
    return runEngineJob({
      spawn,
      cacheDir,
      graceMs,
      logFile: null,
      job: job(backbone),
      onEvent: watching.onEvent,
      signal,
    });
  }

  /** What an engine needs to know of the adapter's backbone, after a look at both files. */
  async backboneOf(adapter: Adapter, watching: Watching = {}): Promise<BackboneReference> {
    const { backbones } = this.#c;
    await this.#requireFolder(adapter);
    if (adapter.backboneId !== null) {
      const backbone = await backbones.reference(backbones.get(adapter.backboneId), watching);
      requireSameBackbone(adapter, backbone);
      return backbone;
    }
    const { config, preprocessing } = await readAdapterFolder(adapter.folder);
    const { architecture, backboneName: name } = config;
    return { path: null, sha256: '', name, architecture, preprocessing };
  }

  async #requireFolder(adapter: Adapter): Promise<void> {
    if ((await statOrNull(adapter.folder)) !== null) return;
    throw new KarstError(
      'not-found',
      `The folder of the adapter "${adapter.name}" is gone: ${adapter.folder}.`,
      {
        hint: `Look for it in ${this.#c.folders.bin}, or remove the adapter.`,
        path: adapter.folder,
      },
    );
  }

  /** Ends the jobs under way and waits for them. */
  async close(): Promise<void> {
    const active = [...this.#active];
    for (const [abort] of active) abort.abort();
    await Promise.allSettled(active.map(([, work]) => work));
  }
}
