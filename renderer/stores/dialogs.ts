import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Input } from '../../shared/contract/window/procedures.ts';

export interface Confirmation {
  readonly title: string;
  readonly body: string;
  /** Label of the button. */
  readonly action: string;
  readonly danger?: boolean;
  /** Text that must be typed to enable the button, for irreversible actions. */
  readonly typed?: string;
}

interface Asked<Q, A> {
  readonly question: Q;
  answer(value: A): void;
}

/** Dialogs that any part of the studio may open; App.vue shows them, one of each kind at a time. */
export const useDialogs = defineStore('dialogs', () => {
  const confirming = shallowRef<Asked<Confirmation, boolean> | null>(null);
  const choosing = shallowRef<Asked<Input<'shell.choose'>, readonly string[] | null> | null>(null);
  const palette = shallowRef(false);
  const shortcuts = shallowRef(false);
  const tray = shallowRef(false);
  const newProject = shallowRef(false);

  /** True when it was confirmed. */
  function confirm(question: Confirmation): Promise<boolean> {
    confirming.value?.answer(false);
    return new Promise((resolve) => {
      confirming.value = {
        question,
        answer: (value) => {
          confirming.value = null;
          resolve(value);
        },
      };
    });
  }

  /** Paths chosen in the studio's own dialog; null if cancelled. */
  function choose(question: Input<'shell.choose'>): Promise<readonly string[] | null> {
    choosing.value?.answer(null);
    return new Promise((resolve) => {
      choosing.value = {
        question,
        answer: (value) => {
          choosing.value = null;
          resolve(value);
        },
      };
    });
  }

  return { confirming, choosing, palette, shortcuts, tray, newProject, confirm, choose };
});
