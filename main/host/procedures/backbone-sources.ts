import type { backboneSourceProcedures as procedures } from '../../../shared/contract/window/backbone-sources.ts';
import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import { measuredEpochs } from '../services/measured-epochs.ts';
import type { ProcedureContext } from './context.ts';

export function backboneSourceProcedures({
  studio: { backbones, runs, sources },
  tasks,
  emit,
}: ProcedureContext): Handlers<keyof typeof procedures> {
  return {
    'backbones.catalogue': () =>
      sources
        .catalogue()
        .map(({ entry, backbone }) => ({ ...entry, backboneId: backbone?.id ?? null })),
    'backbones.lookUp': ({ name }) => sources.lookUp(name),
    'backbones.download': ({ name, revision }) =>
      tasks.start('backbone-get', name, async ({ signal, host, asks }) => {
        const { id } = await sources.get(name, {
          ...{ revision, signal },
          onProgress: host,
          onHost: asks,
        });
        emit('library', { part: 'backbones', id });
        return { kind: 'backbone', backboneId: id };
      }),
    'backbones.epochs': () => measuredEpochs(runs.list(), backbones.list()),
    'backbones.find': () =>
      tasks.start('backbone-find', '', async ({ signal, host }) => ({
        kind: 'found',
        found: [...(await sources.find({ signal, onProgress: host }))],
      })),
  };
}
