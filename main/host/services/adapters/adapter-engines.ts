import type { BackboneReference, Job } from '../../../../shared/contract/engine/jobs.ts';
import type { JobResult } from '../../../../shared/contract/engine/results.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Adapter } from '../../../../shared/domain/library.ts';
import { readAdapterFolder } from '../../../formats/adapter-folder.ts';
import type { HomeFolders } from '../../home.ts';
import { runEngineJob } from '../../engine/engine-job.ts';
import type { JobRegistry } from '../../engine/job-registry.ts';
import type { EngineSpawner } from '../../contract/engine.ts';
import type { JobWatching, Watching } from '../../contract/watching.ts';
import { requireSameBackbone } from './adapter-jobs.ts';
import type { Backbones } from '../backbones/backbones.ts';
import { statOrNull } from '../paths.ts';

export interface AdapterEnginesContext {
  readonly folders: HomeFolders;
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  readonly jobs: JobRegistry;
  readonly backbones: Backbones;
}

/** Runs engine jobs with adapters, each on the backbone it was trained on. */
export class AdapterEngines {
  readonly #c: AdapterEnginesContext;

  constructor(context: AdapterEnginesContext) {
    this.#c = context;
  }

  /** @throws what the engine reports; not-found, file-changed, backbone-mismatch before it is started */
  run(
    adapter: Adapter,
    watching: JobWatching,
    job: (backbone: BackboneReference) => Job,
  ): Promise<JobResult> {
    return this.runJob(watching, async (guarded) => job(await this.backboneOf(adapter, guarded)));
  }

  /** @throws what the engine reports, or `job` before it is started */
  runJob(watching: JobWatching, job: (watching: Watching) => Promise<Job>): Promise<JobResult> {
    const { spawn, cacheDir, graceMs, jobs } = this.#c;
    return jobs.run(watching.signal, async (signal) =>
      runEngineJob({
        spawn,
        cacheDir,
        graceMs,
        logFile: null,
        job: await job({ ...watching, signal }),
        onEvent: watching.onEvent,
        signal,
      }),
    );
  }

  /** The adapter's backbone reference for an engine, after checking both files. */
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
      `The folder of the adapter "${adapter.name}" is missing: ${adapter.folder}.`,
      {
        hint: `Look for it in ${this.#c.folders.bin}, or remove the adapter.`,
        path: adapter.folder,
      },
    );
  }
}
