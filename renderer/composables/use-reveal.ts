import { computed, type ComputedRef } from 'vue';
import { useShell } from '../stores/shell.ts';
import { useAction } from './use-action.ts';

/** Shows a file in the system's file manager, if available. */
export function useReveal(path: () => string): {
  readonly canReveal: ComputedRef<boolean>;
  readonly reveal: () => Promise<unknown>;
} {
  const shell = useShell();
  const { run } = useAction(() => shell.reveal(path()));
  void shell.loadInfo();
  return { canReveal: computed(() => shell.info?.canReveal === true), reveal: run };
}
