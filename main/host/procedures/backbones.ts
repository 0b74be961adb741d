import { basename } from 'node:path';
import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type {
  BackboneDetail,
  backboneProcedures as procedures,
} from '../../../shared/contract/window/backbones.ts';
import { parameterCount } from '../../../shared/models/registry.ts';
import type { Backbone } from '../../../shared/domain/library.ts';
import type { ProcedureContext } from './context.ts';

export function backboneProcedures({
  studio: { backbones },
  tasks,
  emit,
}: ProcedureContext): Handlers<keyof typeof procedures> {
  const detail = (backbone: Backbone): BackboneDetail => ({
    backbone,
    parameters: parameterCount(backbone.architecture),
    starter: backbones.isStarter(backbone),
  });
  return {
    'backbones.list': () => backbones.list().map(detail),
    'backbones.preview': ({ path, said }) => backbones.preview(path, said),
    'backbones.add'({ path, name: wanted, said }) {
      // Refuse a bad name now, not after a large file has been hashed.
      const name = wanted === null ? null : backbones.checkNewName(wanted);
      return tasks.start('backbone-add', name ?? basename(path), async ({ signal, host }) => {
        const { id } = await backbones.add(path, {
          said,
          signal,
          onProgress: host,
          ...(name === null ? {} : { name }),
        });
        emit('library', { part: 'backbones', id });
        return { kind: 'backbone', backboneId: id };
      });
    },
    'backbones.rename'({ id, name }) {
      const backbone = backbones.rename(id, name);
      emit('library', { part: 'backbones', id: backbone.id });
      return detail(backbone);
    },
    'backbones.remove'({ id }) {
      const backbone = backbones.remove(id);
      emit('library', { part: 'backbones', id: backbone.id });
      // Projects lose it as their default backbone.
      emit('library', { part: 'projects', id: null });
      return {};
    },
  };
}
