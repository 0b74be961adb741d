import type { DeviceReport } from '../../../../shared/domain/device.ts';
import type { ErrorReport } from '../../../../shared/domain/error-report.ts';

/** What `karst doctor --json` prints. Sizes are bytes. */
export interface StudioReport {
  /** False when something that training needs is missing. */
  readonly ok: boolean;
  readonly version: string;
  readonly machine: {
    readonly platform: string;
    readonly arch: string;
    readonly release: string;
    readonly node: string;
    readonly processor: string;
    /** Processors that this process may use. */
    readonly cores: number;
    readonly memory: number;
    readonly memoryFree: number;
  };
  /** The device reported by an engine process, or why none could be started. */
  readonly engine: DeviceReport | { readonly error: ErrorReport };
  readonly data: {
    readonly folder: string;
    readonly free: number | null;
    readonly readOnly: boolean;
  };
  readonly library:
    | {
        /** Only `karst doctor` reads the whole file. */
        readonly integrity: 'ok' | 'not-checked';
        readonly backbones: number;
        readonly datasets: number;
        readonly runs: number;
        readonly adapters: number;
        /** Names of runs that can be resumed. */
        readonly interrupted: readonly string[];
        readonly notices: readonly string[];
      }
    | { readonly error: ErrorReport };
  readonly starter: { readonly present: boolean; readonly path: string | null };
  readonly cache: {
    readonly folder: string;
    /** XLA's cache of compiled programs. */
    readonly xlaFiles: number;
    readonly xlaBytes: number;
  };
}
