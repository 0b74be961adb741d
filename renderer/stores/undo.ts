import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { toErrorReport } from '../../shared/domain/errors.ts';
import { t } from '../i18n.ts';
import { useToasts } from './toasts.ts';

interface Change {
  readonly text: string;
  /** Of the notification that offers to take it back. */
  readonly toast: number;
  back(): Promise<unknown>;
}

const AT_MOST = 50;

/**
 * What was changed in this window and can be taken back, the last change first: by the notification that tells of it while
 * that is there, and by Ctrl+Z at any time.
 */
export const useUndo = defineStore('undo', () => {
  const toasts = useToasts();
  const changes = shallowRef<readonly Change[]>([]);

  /**
   * Tells of a change, and offers to take it back.
   *
   * @param back brings back what was before; what it throws is shown
   */
  function offer(text: string, back: () => Promise<unknown>): void {
    // One cannot be taken back under a later one: that might be of the same things.
    const last = changes.value[changes.value.length - 1];
    if (last !== undefined) toasts.dismiss(last.toast);
    const toast = toasts.say(text, {
      action: { label: t('common.undo'), run: () => void undoLast() },
    });
    changes.value = [...changes.value, { text, toast, back }].slice(-AT_MOST);
  }

  /** Takes back the last change; does nothing when there is none. */
  async function undoLast(): Promise<void> {
    const last = changes.value[changes.value.length - 1];
    if (last === undefined) return;
    changes.value = changes.value.slice(0, -1);
    toasts.dismiss(last.toast);
    try {
      await last.back();
      toasts.say(t('common.undone', { what: last.text }), { tone: 'done' });
    } catch (thrown) {
      toasts.fail(toErrorReport(thrown));
    }
  }

  return { offer, undoLast };
});
