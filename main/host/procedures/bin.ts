import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { adapterProcedures as procedures } from '../../../shared/contract/window/adapters.ts';
import type { ProcedureContext } from './context.ts';
import type { BinKind } from '../store/bin.ts';

type Names = Extract<keyof typeof procedures, `bin.${string}`>;

/** Parts of the library that show or count an item of that kind. */
const PARTS = {
  run: ['runs', 'projects', 'adapters'],
  adapter: ['adapters', 'evaluations', 'runs'],
  dataset: ['datasets', 'projects', 'evaluations', 'runs'],
} as const satisfies Record<BinKind, unknown>;

export function binProcedures({ studio: { bin }, emit }: ProcedureContext): Handlers<Names> {
  const changed = (id: string, kind: BinKind): void => {
    emit('library', { part: 'bin', id });
    for (const part of PARTS[kind]) emit('library', { part, id: part === `${kind}s` ? id : null });
  };
  return {
    'bin.list': () =>
      bin
        .list()
        .map(({ id, kind, name, bytes, removedAt }) => ({ id, kind, name, bytes, removedAt })),
    async 'bin.restore'({ id: wanted }) {
      const { id, kind, name } = await bin.restore(wanted);
      changed(id, kind);
      return { name };
    },
    async 'bin.delete'({ id: wanted }) {
      const { id, kind } = await bin.delete(wanted);
      changed(id, kind);
      return {};
    },
  };
}
