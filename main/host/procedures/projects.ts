import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type {
  Project,
  projectProcedures as procedures,
} from '../../../shared/contract/window/projects.ts';
import type { ProcedureContext } from './context.ts';

export function projectProcedures({
  studio: { projects },
  emit,
}: ProcedureContext): Handlers<keyof typeof procedures> {
  const changed = (project: Project): Project => {
    emit('library', { part: 'projects', id: project.id });
    return project;
  };
  return {
    'projects.list': () => projects.list(),
    'projects.get': ({ id }) => projects.get(id),
    'projects.create': ({ name }) => changed(projects.create(name)),
    'projects.update': ({ id, ...changes }) => changed(projects.update(id, changes)),
    'projects.duplicate': ({ id, name }) => changed(projects.duplicate(id, name)),
    'projects.attachDataset': ({ id, datasetId }) => changed(projects.attachDataset(id, datasetId)),
    'projects.detachDataset': ({ id, datasetId }) => changed(projects.detachDataset(id, datasetId)),
  };
}
