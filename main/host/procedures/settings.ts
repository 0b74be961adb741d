import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { ProcedureContext } from './context.ts';

export function settingsProcedures({
  studio,
  emit,
}: ProcedureContext): Handlers<'settings.get' | 'settings.update'> {
  return {
    'settings.get': () => studio.settings.get(),
    'settings.update'(change) {
      const settings = studio.settings.update(change);
      emit('library', { part: 'settings', id: null });
      return settings;
    },
  };
}
