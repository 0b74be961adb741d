import type { Handlers, ProcedureName } from '../../../shared/contract/studio.ts';
import { systemProcedures } from '../procedures/system.ts';
import { taskProcedures } from '../procedures/tasks.ts';
import type { DeskContext } from './context.ts';

/** What answers the procedures of the host: each noun's module has its own. */
export function hostHandlers(context: DeskContext): Partial<Handlers<ProcedureName>> {
  return {
    ...systemProcedures(context),
    ...taskProcedures(context),
  };
}
