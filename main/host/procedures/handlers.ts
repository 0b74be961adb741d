import type { Handlers, HostProcedureName } from '../../../shared/contract/window/procedures.ts';
import { adapterProcedures } from './adapters.ts';
import { backboneProcedures } from './backbones.ts';
import { backboneSourceProcedures } from './backbone-sources.ts';
import { binProcedures } from './bin.ts';
import { classProcedures } from './classes.ts';
import { datasetProcedures } from './datasets.ts';
import { growthProcedures } from './dataset-growth.ts';
import { evaluationProcedures } from './evaluations.ts';
import { fileProcedures } from './files.ts';
import { predictionProcedures } from './predictions.ts';
import { projectProcedures } from './projects.ts';
import { runProcedures } from './runs.ts';
import { sampleProcedures } from './sample.ts';
import { settingsProcedures } from './settings.ts';
import { systemProcedures } from './system.ts';
import { taskProcedures } from './tasks.ts';
import { uploadProcedures } from './uploads.ts';
import type { ProcedureContext } from './context.ts';

/** The handlers of the host's procedures, one module per noun. */
export function hostHandlers(context: ProcedureContext): Handlers<HostProcedureName> {
  return {
    ...systemProcedures(context),
    ...settingsProcedures(context),
    ...fileProcedures(),
    ...uploadProcedures(context),
    ...sampleProcedures(context),
    ...taskProcedures(context),
    ...projectProcedures(context),
    ...datasetProcedures(context),
    ...classProcedures(context),
    ...growthProcedures(context),
    ...backboneProcedures(context),
    ...backboneSourceProcedures(context),
    ...runProcedures(context),
    ...adapterProcedures(context),
    ...evaluationProcedures(context),
    ...predictionProcedures(context),
    ...binProcedures(context),
  };
}
