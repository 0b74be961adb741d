import { shallowRef, type ShallowRef } from 'vue';
import { useRouter } from 'vue-router';
import {
  CopyPlus,
  FlaskConical,
  FolderOpen,
  Merge,
  Pencil,
  Share,
  Tags,
  Target,
  Trash2,
} from '@lucide/vue';
import type { Adapter } from '../../../shared/domain/library.ts';
import { canExportAs } from '../../../shared/methods/export-formats.ts';
import { useBridge } from '../../bridge/index.ts';
import type { MenuItem } from '../../components/menu.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useDialogs } from '../../stores/dialogs.ts';
import { useShell } from '../../stores/shell.ts';
import { useUndo } from '../../stores/undo.ts';

export type AdapterDialog = 'rename' | 'classes' | 'evaluate' | 'merge' | 'export';

export interface AdapterActions {
  /** The open dialog and its adapter. */
  readonly open: ShallowRef<{ readonly dialog: AdapterDialog; readonly adapter: Adapter } | null>;
  show(dialog: AdapterDialog, adapter: Adapter): void;
  close(): void;
  /** Moves it to the bin after confirmation. */
  remove(adapter: Adapter): void;
  menu(adapter: Adapter): MenuItem[];
}

/**
 * Actions on an adapter, in the list and in its own view.
 *
 * @param removed called after its removal
 */
export function useAdapterActions(removed: () => void = () => undefined): AdapterActions {
  const bridge = useBridge();
  const router = useRouter();
  const dialogs = useDialogs();
  const shell = useShell();
  const undo = useUndo();
  const open: AdapterActions['open'] = shallowRef(null);

  const { run: reveal } = useAction((path: string) => shell.reveal(path));
  const { run: remove } = useAction(async (adapter: Adapter) => {
    const confirmed = await dialogs.confirm({
      title: t('library.remove.title', { name: adapter.name }),
      body: t('library.remove.body'),
      action: t('common.remove'),
      danger: true,
    });
    if (!confirmed) return;
    await bridge.call('adapters.remove', { id: adapter.id });
    undo.offer(t('library.remove.done', { name: adapter.name }), () =>
      bridge.call('bin.restore', { id: adapter.id }),
    );
    removed();
  });

  function show(dialog: AdapterDialog, adapter: Adapter): void {
    // What cannot be merged is exported with its extra layers.
    const merges = canExportAs('timm', adapter.method);
    open.value = { dialog: dialog === 'merge' && !merges ? 'export' : dialog, adapter };
  }

  function close(): void {
    open.value = null;
  }

  function menu(adapter: Adapter): MenuItem[] {
    const canReveal = shell.info?.canReveal === true;
    return [
      {
        label: t('library.tryIt'),
        icon: FlaskConical,
        run: () => void router.push({ path: '/try', query: { adapter: adapter.id } }),
      },
      {
        label: t('library.trainFrom'),
        icon: CopyPlus,
        run: () => void router.push({ path: '/train', query: { adapter: adapter.id } }),
      },
      { label: t('library.evaluate'), icon: Target, run: () => show('evaluate', adapter) },
      ...(canExportAs('timm', adapter.method)
        ? [{ label: t('library.merge'), icon: Merge, run: () => show('merge', adapter) }]
        : []),
      { label: t('library.export'), icon: Share, run: () => show('export', adapter) },
      { label: t('common.rename'), icon: Pencil, run: () => show('rename', adapter) },
      { label: t('library.classes.rename'), icon: Tags, run: () => show('classes', adapter) },
      ...(canReveal
        ? [
            {
              label: t('common.reveal'),
              icon: FolderOpen,
              run: () => void reveal(adapter.folder),
            },
          ]
        : []),
      {
        label: t('common.remove'),
        icon: Trash2,
        danger: true,
        apart: true,
        run: () => void remove(adapter),
      },
    ];
  }

  void shell.loadInfo();
  return { open, show, close, remove: (adapter) => void remove(adapter), menu };
}
