import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { toErrorReport } from '../../shared/domain/errors.ts';
import { t } from '../i18n.ts';
import { useToasts } from './toasts.ts';

interface Change {
  readonly text: string;
  /** Id of the notification that offers to undo it. */
  readonly toast: number;
  readonly supersedes: string | undefined;
  back(): Promise<unknown>;
}

const AT_MOST = 50;

/**
 * Undoable changes of this window, last first: by their notification while it is shown, and by
 * Ctrl+Z at any time.
 */
export const useUndo = defineStore('undo', () => {
  const toasts = useToasts();
  const changes = shallowRef<readonly Change[]>([]);

  /**
   * Announces a change and offers to undo it.
   *
   * @param back restores the previous state; its errors are shown
   * @param supersedes earlier changes offered with the same key can no longer be undone
   */
  function offer(text: string, back: () => Promise<unknown>, supersedes?: string): void {
    // An earlier change is not undone before a later one, which may concern the same items.
    const last = changes.value[changes.value.length - 1];
    if (last !== undefined) toasts.dismiss(last.toast);
    const toast = toasts.say(text, {
      action: { label: t('common.undo'), run: () => void undoLast() },
    });
    const earlier = changes.value.filter(
      (change) => supersedes === undefined || change.supersedes !== supersedes,
    );
    changes.value = [...earlier, { text, toast, back, supersedes }].slice(-AT_MOST);
  }

  /** Undoes the last change, if any. */
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
