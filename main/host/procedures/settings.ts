import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { DeskContext } from './context.ts';

export function settingsProcedures({
  studio,
  emit,
}: DeskContext): Handlers<'settings.get' | 'settings.update'> {
  return {
    'settings.get': () => studio.settings.get(),
    'settings.update'(change) {
      const settings = studio.settings.update(change);
      emit('library', { part: 'settings', id: null });
      return settings;
    },
  };
}
