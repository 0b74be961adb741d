import { useEventListener } from '@vueuse/core';

/** `mod` is Command on a Mac and Control elsewhere. */
export interface Shortcut {
  readonly key: string;
  readonly mod?: boolean;
  readonly alt?: boolean;
  /** Left to whoever types, although it is not a single key: fields have their own. */
  readonly ofFields?: true;
  run(): void;
}

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** How a shortcut is written on this platform: one entry a key. */
export function keysOf(shortcut: Pick<Shortcut, 'key' | 'mod' | 'alt'>): string[] {
  const keys: string[] = [];
  if (shortcut.mod === true) keys.push(MAC ? '⌘' : 'Ctrl');
  if (shortcut.alt === true) keys.push(MAC ? '⌥' : 'Alt');
  keys.push(shortcut.key.length === 1 ? shortcut.key.toUpperCase() : shortcut.key);
  return keys;
}

function fits(shortcut: Shortcut, event: KeyboardEvent): boolean {
  const mod = MAC ? event.metaKey : event.ctrlKey;
  return (
    event.key.toLowerCase() === shortcut.key.toLowerCase() &&
    mod === (shortcut.mod ?? false) &&
    event.altKey === (shortcut.alt ?? false) &&
    // With Shift a letter is another shortcut; a sign may need Shift to be typed.
    !(event.shiftKey && /^[a-z]$/i.test(shortcut.key))
  );
}

/** Whether keys are for typing at this moment. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable="true"]') !== null
  );
}

/** Obeys the shortcuts while the component lives. Single keys are left to whoever types. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEventListener(window, 'keydown', (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.repeat) return;
    const shortcut = shortcuts.find((one) => fits(one, event));
    if (shortcut === undefined) return;
    const single = shortcut.mod !== true && shortcut.alt !== true;
    if ((single || shortcut.ofFields === true) && isTyping(event.target)) return;
    event.preventDefault();
    shortcut.run();
  });
}
