import { basename } from 'node:path';
import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { adapterProcedures as procedures } from '../../../shared/contract/window/adapters.ts';
import type { ProcedureContext } from './context.ts';

type Names = Extract<keyof typeof procedures, `adapters.${string}`>;

export function adapterProcedures({
  studio: { adapters, merging },
  presenter,
  tasks,
  emit,
}: ProcedureContext): Handlers<Names> {
  const changed = (id: string): void => emit('library', { part: 'adapters', id });
  return {
    'adapters.list'({ filter, ...page }) {
      const { total, adapters: found } = adapters.page(filter, page);
      return { total, adapters: [...found], tags: adapters.tags() };
    },
    'adapters.get'({ id }) {
      const { adapter, notes, version, versions, runId, parent, manifest } = adapters.lineage(id);
      const { evaluations, merges, exports } = adapters.results(adapter.id);
      return {
        adapter,
        notes,
        version,
        versions: [...versions],
        run: runId === null ? null : presenter.view(runId),
        parent,
        manifest,
        // Latest first: it is the one looked for.
        evaluations: evaluations.toReversed(),
        merges: merges.toReversed(),
        exports: exports.toReversed(),
      };
    },
    'adapters.rename'({ id, name }) {
      const adapter = adapters.rename(id, name);
      changed(adapter.id);
      return adapter;
    },
    async 'adapters.renameClasses'({ id, names }) {
      const adapter = await adapters.renameClasses(
        id,
        new Map(names.map(({ from, to }) => [from, to])),
      );
      changed(adapter.id);
      return adapter;
    },
    'adapters.note'({ id, notes }) {
      adapters.note(id, notes);
      changed(id);
      return {};
    },
    'adapters.tag'({ id, add, remove }) {
      adapters.tag(id, add);
      const adapter = adapters.tag(id, remove, { remove: true });
      changed(adapter.id);
      return adapter;
    },
    async 'adapters.remove'({ id: wanted }) {
      const { id } = await adapters.remove(wanted);
      changed(id);
      emit('library', { part: 'bin', id });
      // Its evaluations went with it.
      emit('library', { part: 'evaluations', id: null });
      return {};
    },
    'adapters.import'({ path, name }) {
      return tasks.start('adapter-import', name ?? basename(path), async ({ signal, host }) => {
        const { id } = await adapters.import(path, {
          signal,
          onProgress: host,
          ...(name === null ? {} : { name }),
        });
        changed(id);
        const twin = await adapters.twin(id);
        return { kind: 'adapter', adapterId: id, sameAs: twin?.name ?? null };
      });
    },
    'adapters.merge'({ id: wanted, out, datasetId }) {
      const { id, name } = adapters.get(wanted);
      return tasks.start('merge', name, async ({ signal, host, engine }) => {
        const merged = await merging.merge(id, {
          signal,
          onProgress: host,
          onEvent: engine,
          ...(out === null ? {} : { out }),
          ...(datasetId === undefined ? {} : { dataset: datasetId }),
        });
        changed(id);
        const { verification, notes } = merged;
        return { kind: 'written', out: merged.out, verification, notes };
      });
    },
    'adapters.export'({ id: wanted, datasetId, ...wish }) {
      const { id, name } = adapters.get(wanted);
      return tasks.start('export', name, async ({ signal, host, engine }) => {
        const exported = await merging.export(id, {
          ...wish,
          signal,
          onProgress: host,
          onEvent: engine,
          ...(datasetId === undefined ? {} : { dataset: datasetId }),
        });
        changed(id);
        const { verification, notes } = exported;
        return { kind: 'written', out: exported.out, verification, notes };
      });
    },
  };
}
