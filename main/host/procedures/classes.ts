import type { classProcedures as procedures } from '../../../shared/contract/window/classes.ts';
import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { ProcedureContext } from './context.ts';
import { datasetChanged } from './dataset-changed.ts';

export function classProcedures({
  studio: { classes },
  emit,
}: ProcedureContext): Handlers<keyof typeof procedures> {
  const changed = datasetChanged(emit);
  return {
    'classes.history': ({ id }) => classes.history(id),
    'classes.takeBack': ({ id, label }) => changed(classes.takeBack(id, label)),
    'classes.rename': ({ id, label, name }) => changed(classes.rename(id, label, name)),
    'classes.merge': ({ id, label, into }) => changed(classes.merge(id, label, into)),
    'classes.unmerge': ({ id, label }) => changed(classes.unmerge(id, label)),
    'classes.setLeftOut': ({ id, label, leftOut }) =>
      changed(classes.setLeftOut(id, label, leftOut)),
  };
}
