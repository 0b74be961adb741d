import { useEventListener } from '@vueuse/core';

/** `mod` is Command on a Mac and Control elsewhere. */
export interface Shortcut {
  readonly key: string;
  readonly mod?: boolean;
  readonly alt?: boolean;
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
    event.altKey === (shortcut.alt ?? false)
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
    if (shortcut.mod !== true && shortcut.alt !== true && isTyping(event.target)) return;
    event.preventDefault();
    shortcut.run();
  });
}
