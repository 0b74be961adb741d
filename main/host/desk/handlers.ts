import type { Handlers, ProcedureName } from '../../../shared/contract/studio.ts';
import { fileProcedures } from '../procedures/files.ts';
import { settingsProcedures } from '../procedures/settings.ts';
import { systemProcedures } from '../procedures/system.ts';
import { taskProcedures } from '../procedures/tasks.ts';
import { uploadProcedures } from '../procedures/uploads.ts';
import type { DeskContext } from './context.ts';

/** What answers the procedures of the host: each noun's module has its own. */
export function hostHandlers(context: DeskContext): Partial<Handlers<ProcedureName>> {
  return {
    ...systemProcedures(context),
    ...settingsProcedures(context),
    ...fileProcedures(),
    ...uploadProcedures(context),
    ...taskProcedures(context),
  };
}
