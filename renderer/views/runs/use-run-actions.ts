import { ref, type Ref } from 'vue';
import { useRouter } from 'vue-router';
import {
  CopyPlus,
  FolderOpen,
  ListX,
  Pause,
  Pencil,
  Play,
  Square,
  StepForward,
  Trash2,
} from '@lucide/vue';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import { useBridge } from '../../bridge/index.ts';
import type { MenuItem } from '../../components/menu.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useDialogs } from '../../stores/dialogs.ts';
import { useRuns } from '../../stores/runs.ts';
import { useShell } from '../../stores/shell.ts';
import { useUndo } from '../../stores/undo.ts';
import { abilitiesOf } from '../../domain/run-state.ts';

export interface RunActions {
  /** The run whose dialog is open. */
  readonly renaming: Ref<RunView | null>;
  readonly extending: Ref<RunView | null>;
  /** Closes the dialog that is open. */
  close(): void;
  pause(run: RunView): void;
  resume(run: RunView): void;
  stop(run: RunView): void;
  /** Moves it to the bin after confirmation; does nothing with an active run. */
  remove(run: RunView): void;
  /** All actions available for a run; `steering` (pause, resume, stop, extend) is optional. */
  menu(run: RunView, options: { readonly steering: boolean }): MenuItem[];
}

/**
 * Actions on a run, in the list and in its own view.
 *
 * @param removed called after its removal
 */
export function useRunActions(removed: (run: RunView) => void = () => undefined): RunActions {
  const bridge = useBridge();
  const router = useRouter();
  const runs = useRuns();
  const dialogs = useDialogs();
  const shell = useShell();
  const undo = useUndo();
  const renaming = ref<RunView | null>(null);
  const extending = ref<RunView | null>(null);

  const { run: pause } = useAction((run: RunView) => runs.pause(run.id));
  const { run: resume } = useAction((run: RunView) => runs.resume(run.id));
  const { run: dequeue } = useAction((run: RunView) => runs.stop(run.id));
  const { run: reveal } = useAction((run: RunView) => shell.reveal(run.folder));

  const { run: stop } = useAction(async (run: RunView) => {
    const confirmed = await dialogs.confirm({
      title: t('runs.stopTitle', { name: run.name }),
      body: t('runs.stopBody'),
      action: t('runs.stop'),
    });
    if (confirmed) await runs.stop(run.id);
  });

  const { run: remove } = useAction(async (run: RunView) => {
    const confirmed = await dialogs.confirm({
      title: t('runs.remove.title', { name: run.name }),
      body: t('runs.remove.body'),
      action: t('common.remove'),
      danger: true,
    });
    if (!confirmed) return;
    await runs.remove(run.id);
    undo.offer(t('runs.remove.done', { name: run.name }), () =>
      bridge.call('bin.restore', { id: run.id }),
    );
    removed(run);
  });

  function steeringOf(run: RunView): MenuItem[] {
    const can = abilitiesOf(run);
    return [
      ...(can.pause ? [{ label: t('runs.pause'), icon: Pause, run: () => void pause(run) }] : []),
      ...(can.resume ? [{ label: t('runs.resume'), icon: Play, run: () => void resume(run) }] : []),
      ...(can.stop ? [{ label: t('runs.stop'), icon: Square, run: () => void stop(run) }] : []),
      ...(can.extend
        ? [
            {
              label: t('runs.extend.action'),
              icon: StepForward,
              run: () => (extending.value = run),
            },
          ]
        : []),
    ];
  }

  function menu(run: RunView, { steering }: { readonly steering: boolean }): MenuItem[] {
    const can = abilitiesOf(run);
    return [
      ...(steering ? steeringOf(run) : []),
      ...(can.dequeue
        ? [{ label: t('runs.stopQueued'), icon: ListX, run: () => void dequeue(run) }]
        : []),
      {
        label: t('runs.again'),
        icon: CopyPlus,
        run: () => void router.push({ path: '/train', query: { from: run.id } }),
      },
      { label: t('common.rename'), icon: Pencil, run: () => (renaming.value = run) },
      ...(shell.info?.canReveal === true
        ? [{ label: t('runs.reveal'), icon: FolderOpen, run: () => void reveal(run) }]
        : []),
      {
        label: t('common.remove'),
        icon: Trash2,
        danger: true,
        apart: true,
        disabled: !can.remove,
        run: () => void remove(run),
      },
    ];
  }

  return {
    renaming,
    extending,
    close: () => {
      renaming.value = null;
      extending.value = null;
    },
    pause: (run) => void pause(run),
    resume: (run) => void resume(run),
    stop: (run) => void stop(run),
    remove: (run) => {
      if (abilitiesOf(run).remove) void remove(run);
    },
    menu,
  };
}
