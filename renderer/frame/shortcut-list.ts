import type { MessageKey } from '../i18n.ts';
import { keysOf } from '../composables/use-shortcuts.ts';

/** Every shortcut with what it does, for the list in the settings and the dialog. */
export const SHORTCUTS: readonly { readonly keys: readonly string[]; readonly does: MessageKey }[] =
  [
    { keys: keysOf({ key: 'k', mod: true }), does: 'settings.shortcuts.palette' },
    { keys: keysOf({ key: '1 – 8', mod: true }), does: 'settings.shortcuts.go' },
    { keys: keysOf({ key: 'j', mod: true }), does: 'settings.shortcuts.tasks' },
    { keys: keysOf({ key: '/', mod: true }), does: 'settings.shortcuts.shortcuts' },
    { keys: ['F1'], does: 'frame.help' },
    { keys: ['↑', '↓', '←', '→'], does: 'settings.shortcuts.move' },
    { keys: ['Enter'], does: 'settings.shortcuts.open' },
    { keys: ['Space'], does: 'settings.shortcuts.select' },
    { keys: ['Delete'], does: 'settings.shortcuts.remove' },
    { keys: keysOf({ key: 'z', mod: true }), does: 'settings.shortcuts.undo' },
    { keys: ['Esc'], does: 'settings.shortcuts.close' },
  ];
