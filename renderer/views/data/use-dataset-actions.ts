import { shallowRef, type ShallowRef } from 'vue';
import { useRouter } from 'vue-router';
import { FolderSearch, Pencil, RefreshCw, SlidersHorizontal, Trash2 } from '@lucide/vue';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Dataset } from '../../../shared/domain/library.ts';
import { useBridge } from '../../bridge/index.ts';
import type { MenuItem } from '../../components/menu.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useDialogs } from '../../stores/dialogs.ts';
import { useTasks } from '../../stores/tasks.ts';
import { useToasts } from '../../stores/toasts.ts';
import { useUndo } from '../../stores/undo.ts';

export interface DatasetActions {
  readonly renaming: ShallowRef<Dataset | null>;
  readonly updating: ShallowRef<Dataset | null>;
  menu(dataset: Dataset): MenuItem[];
}

/**
 * Actions on a dataset, in the list and in its own view.
 *
 * @param removed called after its removal
 */
export function useDatasetActions(removed: () => void = () => undefined): DatasetActions {
  const bridge = useBridge();
  const router = useRouter();
  const dialogs = useDialogs();
  const tasks = useTasks();
  const toasts = useToasts();
  const undo = useUndo();
  const renaming: DatasetActions['renaming'] = shallowRef(null);
  const updating: DatasetActions['updating'] = shallowRef(null);

  const { run: check } = useAction(async (dataset: Dataset) => {
    const result = await tasks.follow(bridge.call('datasets.check', { id: dataset.id }), {
      quiet: true,
    });
    if (result.kind !== 'dataset') {
      throw new KarstError('internal', `A check ended with "${result.kind}".`);
    }
    toasts.say(t('data.checked', { name: dataset.name, count: result.problems }), {
      tone: result.problems === 0 ? 'done' : 'warning',
    });
  });
  const { run: remove } = useAction(async (dataset: Dataset) => {
    const confirmed = await dialogs.confirm({
      title: t('data.remove.title', { name: dataset.name }),
      body: t('data.remove.body'),
      action: t('common.remove'),
      danger: true,
    });
    if (!confirmed) return;
    await bridge.call('datasets.remove', { id: dataset.id });
    undo.offer(t('data.remove.done', { name: dataset.name }), () =>
      bridge.call('bin.restore', { id: dataset.id }),
    );
    removed();
  });

  function menu(dataset: Dataset): MenuItem[] {
    return [
      {
        label: t('data.train'),
        icon: SlidersHorizontal,
        run: () => void router.push({ path: '/train', query: { dataset: dataset.id } }),
      },
      { label: t('data.growth.find'), icon: FolderSearch, run: () => (updating.value = dataset) },
      { label: t('data.check'), icon: RefreshCw, run: () => void check(dataset) },
      { label: t('common.rename'), icon: Pencil, run: () => (renaming.value = dataset) },
      {
        label: t('common.remove'),
        icon: Trash2,
        danger: true,
        apart: true,
        run: () => void remove(dataset),
      },
    ];
  }

  return { renaming, updating, menu };
}
