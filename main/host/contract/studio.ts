import type { DeviceReport } from '../../../shared/domain/device.ts';
import type { Run } from '../../../shared/domain/library.ts';
import type {
  AdapterService,
  BinService,
  EvaluationService,
  MergingService,
  PredictionService,
} from './adapters.ts';
import type { BackboneService } from './backbones.ts';
import type { ClassService, DatasetService, GrowthService } from './datasets.ts';
import type { EngineSpawner } from './engine.ts';
import type { ProjectService } from './projects.ts';
import type { PlanService, RunService } from './runs.ts';
import type { SchedulerService } from './scheduler.ts';
import type { BackboneSourceService } from './sources.ts';
import type { SettingsService } from './settings.ts';
import type { JobWatching } from './watching.ts';

/**
 * The host as its users (command line, Electron, `serve`) see it. Every function rejects only with
 * `KarstError`. `nameOrId` is an id, or a name that is unique within its kind; a near miss is
 * suggested.
 */

export interface StudioOptions {
  readonly home: string;
  readonly spawn: EngineSpawner;
  /** Folder of the starter backbone; default `main/assets/starter`. null: none is registered. */
  readonly starter?: string | null;
  /** Grace period in milliseconds for an engine to suspend before it is killed; default 30,000. */
  readonly graceMs?: number;
  /** Milliseconds that an interactive engine is kept after its last question; default 60,000. */
  readonly warmMs?: number;
  /** Do not write to the home; default: whether the file system is read-only. */
  readonly readOnly?: boolean;
}

export interface Studio {
  /** Absolute path of the studio's data. */
  readonly home: string;
  /** Viewing and predicting work; every change is refused with `not-writable`. */
  readonly readOnly: boolean;
  readonly settings: SettingsService;
  readonly projects: ProjectService;
  readonly backbones: BackboneService;
  readonly sources: BackboneSourceService;
  readonly datasets: DatasetService;
  readonly classes: ClassService;
  readonly growth: GrowthService;
  readonly runs: RunService;
  readonly scheduler: SchedulerService;
  readonly plans: PlanService;
  readonly adapters: AdapterService;
  readonly evaluations: EvaluationService;
  readonly predictions: PredictionService;
  readonly merging: MergingService;
  readonly bin: BinService;
  /** Runs found interrupted when the studio was opened. */
  readonly interrupted: readonly Run[];
  /** Notices from opening (an integrity check after an unclean stop, a migration). */
  readonly notices: readonly string[];
  /** Starts an engine to report its device. @throws engine-unavailable, engine-crashed */
  probe(options?: JobWatching): Promise<DeviceReport>;
  /** Ends running jobs (suspends runs) and closes the library. */
  close(): Promise<void>;
}
