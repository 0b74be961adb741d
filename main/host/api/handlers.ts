import type { Handlers, HostProcedureName } from '../../../shared/contract/studio.ts';
import { adapterProcedures } from '../procedures/adapters.ts';
import { backboneProcedures } from '../procedures/backbones.ts';
import { binProcedures } from '../procedures/bin.ts';
import { datasetProcedures } from '../procedures/datasets.ts';
import { evaluationProcedures } from '../procedures/evaluations.ts';
import { fileProcedures } from '../procedures/files.ts';
import { predictionProcedures } from '../procedures/predictions.ts';
import { projectProcedures } from '../procedures/projects.ts';
import { runProcedures } from '../procedures/runs.ts';
import { sampleProcedures } from '../procedures/sample.ts';
import { settingsProcedures } from '../procedures/settings.ts';
import { systemProcedures } from '../procedures/system.ts';
import { taskProcedures } from '../procedures/tasks.ts';
import { uploadProcedures } from '../procedures/uploads.ts';
import type { DeskContext } from './context.ts';

/** What answers the procedures of the host: each noun's module has its own. */
export function hostHandlers(context: DeskContext): Handlers<HostProcedureName> {
  return {
    ...systemProcedures(context),
    ...settingsProcedures(context),
    ...fileProcedures(),
    ...uploadProcedures(context),
    ...sampleProcedures(context),
    ...taskProcedures(context),
    ...projectProcedures(context),
    ...datasetProcedures(context),
    ...backboneProcedures(context),
    ...runProcedures(context),
    ...adapterProcedures(context),
    ...evaluationProcedures(context),
    ...predictionProcedures(context),
    ...binProcedures(context),
  };
}
