import { computed, type Component, type ComputedRef } from 'vue';
import { useRouter } from 'vue-router';
import {
  CircleQuestionMark,
  ImagePlus,
  Keyboard,
  Languages,
  Merge,
  Monitor,
  Moon,
  PackagePlus,
  Pause,
  Play,
  Plus,
  Share,
  Square,
  Sun,
  Target,
  Undo2,
} from '@lucide/vue';
import type { RunView } from '../../shared/contract/window/runs.ts';
import type { Settings } from '../../shared/contract/window/system.ts';
import type { Adapter } from '../../shared/domain/library.ts';
import { useAction } from '../composables/use-action.ts';
import { keysOf } from '../composables/use-shortcuts.ts';
import { abilitiesOf } from '../domain/run-state.ts';
import { t } from '../i18n.ts';
import { RAIL } from './rail.ts';
import { useDatasets } from '../stores/datasets.ts';
import { useDialogs } from '../stores/dialogs.ts';
import { useProjects } from '../stores/projects.ts';
import { useRuns } from '../stores/runs.ts';
import { useSettings } from '../stores/settings.ts';
import { useUndo } from '../stores/undo.ts';
import { PLACE_ICONS } from './icons.ts';
import type { Command, CommandGroup } from './matching.ts';

/** What is done with an adapter in a dialog of its page. */
const ADAPTER_ACTIONS = [
  { action: 'evaluate', icon: Target },
  { action: 'merge', icon: Merge },
  { action: 'export', icon: Share },
] as const;

/**
 * All commands of the palette, by group. `adapters` are those of the library, as far as they are
 * known.
 */
export function useCommands(
  adapters: () => readonly Pick<Adapter, 'id' | 'name'>[],
): ComputedRef<readonly CommandGroup[]> {
  const router = useRouter();
  const dialogs = useDialogs();
  const settings = useSettings();
  const projects = useProjects();
  const datasets = useDatasets();
  const runs = useRuns();
  const undo = useUndo();
  const { run: change } = useAction(settings.update);
  const { run: pause } = useAction(runs.pause);
  const { run: resume } = useAction(runs.resume);
  const { run: stop } = useAction(async ({ id, name }: RunView) => {
    const confirmed = await dialogs.confirm({
      title: t('runs.stopTitle', { name }),
      body: t('runs.stopBody'),
      action: t('runs.stop'),
    });
    if (confirmed) await runs.stop(id);
  });

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
        ...go('help', t('frame.help'), CircleQuestionMark, '/help'),
        also: t('frame.palette.helpWords'),
        keys: ['F1'],
      },
      {
        id: 'undo',
        label: t('frame.palette.undo'),
        icon: Undo2,
        keys: keysOf({ key: 'z', mod: true }),
        run: () => void undo.undoLast(),
      },
      {
        id: 'shortcuts',
        label: t('frame.palette.shortcuts'),
        icon: Keyboard,
        keys: keysOf({ key: '/', mod: true }),
        run: () => (dialogs.shortcuts = true),
      },
    ],
  }));

  /** Of the runs that can be steered now. */
  const onRuns = computed<CommandGroup>(() => ({
    label: t('frame.palette.onRuns'),
    commands: runs.items.flatMap((item) => {
      const { id, name } = item;
      const can = abilitiesOf(item);
      return [
        ...(can.pause
          ? [
              {
                id: `pause-${id}`,
                label: t('frame.palette.pause', { name }),
                icon: Pause,
                run: () => void pause(id),
              },
            ]
          : []),
        ...(can.resume
          ? [
              {
                id: `resume-${id}`,
                label: t('frame.palette.resume', { name }),
                icon: Play,
                run: () => void resume(id),
              },
            ]
          : []),
        ...(can.stop
          ? [
              {
                id: `stop-${id}`,
                label: t('frame.palette.stop', { name }),
                icon: Square,
                run: () => void stop(item),
              },
            ]
          : []),
      ];
    }),
  }));
  const onAdapters = computed<CommandGroup>(() => ({
    label: t('frame.palette.onAdapters'),
    searched: true,
    commands: adapters().flatMap(({ id, name }) => [
      ...ADAPTER_ACTIONS.map(({ action, icon }) =>
        go(
          `${action}-${id}`,
          t(`frame.palette.${action}`, { name }),
          icon,
          `/library/${id}?do=${action}`,
        ),
      ),
      go(`try-${id}`, t('frame.palette.tryOn', { name }), PLACE_ICONS.tryIt, `/try?adapter=${id}`),
    ]),
  }));

  return computed(() => [
    places.value,
    onRuns.value,
    actions.value,
    onAdapters.value,
    {
      label: t('frame.palette.adapters'),
      commands: adapters().map(({ id, name }) =>
        go(`adapter-${id}`, name, PLACE_ICONS.library, `/library/${id}`),
      ),
    },
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
