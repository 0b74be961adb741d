import { shallowRef, type ShallowRef } from 'vue';
import { useRouter } from 'vue-router';
import { FlaskConical, FolderOpen, Pencil, SlidersHorizontal, Trash2 } from '@lucide/vue';
import type { Backbone } from '../../../shared/domain/library.ts';
import { useBridge } from '../../bridge/index.ts';
import type { MenuItem } from '../../components/menu.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useDialogs } from '../../stores/dialogs.ts';
import { useShell } from '../../stores/shell.ts';
import { useToasts } from '../../stores/toasts.ts';

export interface BackboneActions {
  readonly renaming: ShallowRef<Backbone | null>;
  menu(backbone: Backbone): MenuItem[];
}

/** Actions on a backbone, in the table and in its panel. */
export function useBackboneActions(): BackboneActions {
  const bridge = useBridge();
  const router = useRouter();
  const dialogs = useDialogs();
  const shell = useShell();
  const toasts = useToasts();
  const renaming: BackboneActions['renaming'] = shallowRef(null);

  const { run: reveal } = useAction((path: string) => shell.reveal(path));
  const { run: remove } = useAction(async (backbone: Backbone) => {
    const confirmed = await dialogs.confirm({
      title: t('backbones.remove.title', { name: backbone.name }),
      body: t('backbones.remove.body'),
      action: t('common.remove'),
      danger: true,
    });
    if (!confirmed) return;
    await bridge.call('backbones.remove', { id: backbone.id });
    toasts.say(t('backbones.remove.done', { name: backbone.name }));
  });

  function menu(backbone: Backbone): MenuItem[] {
    const canReveal = shell.info?.canReveal === true;
    return [
      {
        label: t('backbones.train'),
        icon: SlidersHorizontal,
        run: () => void router.push({ path: '/train', query: { backbone: backbone.id } }),
      },
      ...(backbone.architecture.classes > 0
        ? [
            {
              label: t('backbones.try'),
              icon: FlaskConical,
              run: () => void router.push({ path: '/try', query: { backbone: backbone.id } }),
            },
          ]
        : []),
      { label: t('common.rename'), icon: Pencil, run: () => (renaming.value = backbone) },
      ...(canReveal
        ? [
            {
              label: t('common.reveal'),
              icon: FolderOpen,
              run: () => void reveal(backbone.path),
            },
          ]
        : []),
      {
        label: t('common.remove'),
        icon: Trash2,
        danger: true,
        apart: true,
        run: () => void remove(backbone),
      },
    ];
  }

  void shell.loadInfo();
  return { renaming, menu };
}
