import { computed, type Component, type ComputedRef } from 'vue';
import { useRouter } from 'vue-router';
import { ImagePlus, Keyboard, Languages, Monitor, Moon, PackagePlus, Plus, Sun } from '@lucide/vue';
import type { Settings } from '../../shared/contract/window/system.ts';
import { useAction } from '../composables/use-action.ts';
import { keysOf } from '../composables/use-shortcuts.ts';
import { t } from '../i18n.ts';
import { RAIL } from './rail.ts';
import { useDatasets } from '../stores/datasets.ts';
import { useDialogs } from '../stores/dialogs.ts';
import { useProjects } from '../stores/projects.ts';
import { useRuns } from '../stores/runs.ts';
import { useSettings } from '../stores/settings.ts';
import { PLACE_ICONS } from './icons.ts';
import type { Command, CommandGroup } from './matching.ts';

/** Everything that the palette offers, by group. */
export function useCommands(): ComputedRef<readonly CommandGroup[]> {
  const router = useRouter();
  const dialogs = useDialogs();
  const settings = useSettings();
  const projects = useProjects();
  const datasets = useDatasets();
  const runs = useRuns();
  const { run: change } = useAction(settings.update);

  const go = (id: string, label: string, icon: Component, path: string): Command => ({
    id,
    label,
    icon,
    run: () => void router.push(path),
  });
  const set = (id: string, label: string, icon: Component, wanted: Partial<Settings>): Command => ({
    id,
    label,
    icon,
    run: () => void change(wanted),
  });

  const places = computed<CommandGroup>(() => ({
    label: t('frame.palette.places'),
    commands: RAIL.map(({ place, path }, index) => ({
      ...go(`place-${place}`, t(`frame.rail.${place}`), PLACE_ICONS[place], path),
      keys: keysOf({ key: String(index + 1), mod: true }),
    })),
  }));
  const actions = computed<CommandGroup>(() => ({
    label: t('frame.palette.actions'),
    commands: [
      {
        id: 'new-project',
        label: t('frame.palette.newProject'),
        icon: Plus,
        run: () => (dialogs.newProject = true),
      },
      go('import', t('frame.palette.importData'), ImagePlus, '/data?import=1'),
      go('backbone', t('frame.palette.addBackbone'), PackagePlus, '/backbones?add=1'),
      go('train', t('frame.palette.newRun'), PLACE_ICONS.train, '/train'),
      go('try', t('frame.palette.tryIt'), PLACE_ICONS.tryIt, '/try'),
      set('light', t('frame.palette.themeLight'), Sun, { theme: 'light' }),
      set('dark', t('frame.palette.themeDark'), Moon, { theme: 'dark' }),
      set('system', t('frame.palette.themeSystem'), Monitor, { theme: 'system' }),
      set('en', t('frame.palette.english'), Languages, { language: 'en' }),
      set('zh', t('frame.palette.chinese'), Languages, { language: 'zh-CN' }),
      {
        id: 'shortcuts',
        label: t('frame.palette.shortcuts'),
        icon: Keyboard,
        keys: keysOf({ key: '/', mod: true }),
        run: () => (dialogs.shortcuts = true),
      },
    ],
  }));

  return computed(() => [
    places.value,
    actions.value,
    {
      label: t('frame.palette.projects'),
      commands: projects.active.map(({ id, name }) =>
        go(id, name, PLACE_ICONS.projects, `/projects/${id}`),
      ),
    },
    {
      label: t('frame.palette.datasets'),
      commands: datasets.items.map(({ id, name }) => go(id, name, PLACE_ICONS.data, `/data/${id}`)),
    },
    {
      label: t('frame.palette.runs'),
      commands: runs.items.map(({ id, name }) => go(id, name, PLACE_ICONS.runs, `/runs/${id}`)),
    },
  ]);
}
