import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { ErrorReport } from '../../shared/domain/error-report.ts';

export interface ToastAction {
  readonly label: string;
  run(): void;
}

export interface Toast {
  readonly id: number;
  readonly tone: 'info' | 'done' | 'warning' | 'failed';
  readonly text: string;
  /** The error, shown in full. */
  readonly error: ErrorReport | null;
  readonly action: ToastAction | null;
}

const AT_MOST = 4;

/** Notifications in the corner, also read out. */
export const useToasts = defineStore('toasts', () => {
  const all = shallowRef<readonly Toast[]>([]);
  let next = 1;

  function add(toast: Omit<Toast, 'id'>): number {
    const id = next++;
    all.value = [...all.value, { ...toast, id }].slice(-AT_MOST);
    return id;
  }

  /** @returns its number, for dismissing it */
  function say(
    text: string,
    options: { readonly tone?: Toast['tone']; readonly action?: ToastAction } = {},
  ): number {
    return add({ tone: options.tone ?? 'info', text, error: null, action: options.action ?? null });
  }

  function fail(error: ErrorReport, tone: 'warning' | 'failed' = 'failed'): void {
    add({ tone, text: error.message, error, action: null });
  }

  function dismiss(id: number): void {
    all.value = all.value.filter((toast) => toast.id !== id);
  }

  return { all, say, fail, dismiss };
});
