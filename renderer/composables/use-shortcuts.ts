import { useEventListener } from '@vueuse/core';

/** `mod` is Command on a Mac and Control elsewhere. */
export interface Shortcut {
  readonly key: string;
  readonly mod?: boolean;
  readonly alt?: boolean;
  /** Ignored while typing, although not a single key: text fields handle it. */
  readonly ofFields?: true;
  run(): void;
}

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** The shortcut's keys as written on this platform. */
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
    // With Shift a letter is another shortcut, but a symbol may need Shift.
    !(event.shiftKey && /^[a-z]$/i.test(shortcut.key))
  );
}

/** Whether a text field has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable="true"]') !== null
  );
}

/** Handles the shortcuts while the component is mounted. Single keys are ignored while typing. */
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
