import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { taskProcedures as procedures } from '../../../shared/contract/window/tasks.ts';
import type { ProcedureContext } from './context.ts';

export function taskProcedures({ tasks }: ProcedureContext): Handlers<keyof typeof procedures> {
  return {
    'tasks.list': () => tasks.list(),
    'tasks.cancel': ({ id }) => tasks.cancel(id),
    'tasks.dismiss'({ id }) {
      tasks.dismiss(id);
      return {};
    },
  };
}
