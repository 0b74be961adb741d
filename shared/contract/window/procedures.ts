import type * as v from 'valibot';
import { adapterProcedures } from './adapters.ts';
import { backboneProcedures } from './backbones.ts';
import { backboneSourceProcedures } from './backbone-sources.ts';
import { classProcedures } from './classes.ts';
import { datasetProcedures } from './datasets.ts';
import { growthProcedures } from './dataset-growth.ts';
import type { Procedure } from './procedure.ts';
import { projectProcedures } from './projects.ts';
import { runProcedures } from './runs.ts';
import { shellProcedures } from './shell.ts';
import { systemProcedures } from './system.ts';
import { taskProcedures } from './tasks.ts';

/**
 * The bridge between the window and the host: procedures that the window calls, and events
 * (events.ts) that the host sends to every window. The same over Electron's channel and the
 * WebSocket of `karst serve`.
 */
export const HOST_PROCEDURES = {
  ...systemProcedures,
  ...taskProcedures,
  ...projectProcedures,
  ...datasetProcedures,
  ...classProcedures,
  ...growthProcedures,
  ...backboneProcedures,
  ...backboneSourceProcedures,
  ...runProcedures,
  ...adapterProcedures,
};
export const SHELL_PROCEDURES = shellProcedures;
export const PROCEDURES = { ...HOST_PROCEDURES, ...SHELL_PROCEDURES };

type Table = typeof PROCEDURES;
export type ProcedureName = keyof Table;
export type HostProcedureName = keyof typeof HOST_PROCEDURES;
export type ShellProcedureName = keyof typeof SHELL_PROCEDURES;
export type Input<N extends ProcedureName> =
  Table[N] extends Procedure<infer I, unknown> ? I : never;
export type Output<N extends ProcedureName> = Table[N] extends {
  output: v.GenericSchema<unknown, infer O>;
}
  ? O
  : never;

/** One function per procedure, implemented by the host and each shell. */
export type Handlers<N extends ProcedureName> = {
  readonly [K in N]: (input: Input<K>) => Output<K> | Promise<Output<K>>;
};
