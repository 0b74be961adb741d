import { shallowRef, type ShallowRef } from 'vue';
import { Combine, EyeOff, Images, Pencil, Undo2 } from '@lucide/vue';
import type { Dataset, DatasetClass } from '../../../shared/domain/library.ts';
import { useBridge } from '../../bridge/index.ts';
import type { MenuItem } from '../../components/menu.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useUndo } from '../../stores/undo.ts';

export interface ClassActions {
  /** The open dialog and its class. */
  readonly open: ShallowRef<{
    readonly dialog: 'rename' | 'merge';
    readonly one: DatasetClass;
  } | null>;
  rename(one: DatasetClass, name: string): Promise<void>;
  merge(one: DatasetClass, into: DatasetClass): Promise<void>;
  setLeftOut(one: DatasetClass, leftOut: boolean): void;
  menu(one: DatasetClass, show: () => void): MenuItem[];
}

/** Actions on the classes of a dataset, each with its undo. */
export function useClassActions(dataset: () => Dataset): ClassActions {
  const bridge = useBridge();
  const undo = useUndo();
  const open: ClassActions['open'] = shallowRef(null);

  async function rename({ index: label, name: former }: DatasetClass, to: string): Promise<void> {
    const { id } = dataset();
    if (to === former) return;
    await bridge.call('classes.rename', { id, label, name: to });
    undo.offer(t('data.classes.renamed', { former, name: to }), () =>
      bridge.call('classes.rename', { id, label, name: former }),
    );
  }

  async function merge(one: DatasetClass, into: DatasetClass): Promise<void> {
    const { id } = dataset();
    await bridge.call('classes.merge', { id, label: one.index, into: into.index });
    undo.offer(t('data.classes.merged', { name: one.name, into: into.name }), () =>
      bridge.call('classes.unmerge', { id, label: one.index }),
    );
  }

  const { run: setLeftOut } = useAction(
    async ({ index: label, name, leftOut: before }: DatasetClass, leftOut: boolean) => {
      if (leftOut === before) return;
      const { id } = dataset();
      await bridge.call('classes.setLeftOut', { id, label, leftOut });
      const text = leftOut ? 'data.classes.leftOutDone' : 'data.classes.includedDone';
      undo.offer(t(text, { name }), () =>
        bridge.call('classes.setLeftOut', { id, label, leftOut: before }),
      );
    },
  );

  function menu(one: DatasetClass, show: () => void): MenuItem[] {
    return [
      { label: t('data.classes.show'), icon: Images, run: show },
      {
        label: t('common.rename'),
        icon: Pencil,
        run: () => (open.value = { dialog: 'rename', one }),
      },
      {
        label: t('data.classes.merge'),
        icon: Combine,
        disabled: dataset().classes.length < 2,
        run: () => (open.value = { dialog: 'merge', one }),
      },
      {
        label: one.leftOut ? t('data.classes.include') : t('data.classes.leaveOut'),
        icon: one.leftOut ? Undo2 : EyeOff,
        run: () => void setLeftOut(one, !one.leftOut),
      },
    ];
  }

  return {
    ...{ open, rename, merge, menu },
    setLeftOut: (one, leftOut) => void setLeftOut(one, leftOut),
  };
}
