import type {
  backboneSourceProcedures as procedures,
  MeasuredEpoch,
} from '../../../shared/contract/window/backbone-sources.ts';
import type { Backbone, Run } from '../../../shared/domain/library.ts';
import { nearSize } from '../../../shared/models/registry.ts';
import type { Handlers } from '../../../shared/contract/window/procedures.ts';
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

/** Of each backbone, what the newest finished run took an epoch. */
export function measuredEpochs(
  runs: readonly Run[],
  backbones: readonly Backbone[],
): MeasuredEpoch[] {
  const ended = runs
    .filter(({ state, epoch }) => state === 'done' && epoch >= 1)
    .toSorted((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''));
  return backbones.flatMap(({ id: backboneId, architecture, preprocessing }) => {
    const run = ended.find((one) => one.backboneId === backboneId && one.activeSeconds !== null);
    if (run === undefined) return [];
    const { method, counts, config, epoch } = run;
    const { imageSize } = nearSize(architecture, config.imageSize || preprocessing.imageSize);
    return [
      {
        backboneId,
        method,
        images: counts.train,
        imageSize,
        seconds: (run.activeSeconds ?? 0) / epoch,
      },
    ];
  });
}
