import { computed, type ComputedRef } from 'vue';
import { useRouter } from 'vue-router';
import { useAction } from '../composables/use-action.ts';
import { t } from '../i18n.ts';
import { RAIL } from '../router.ts';
import { useDatasets } from '../stores/datasets.ts';
import { useDialogs } from '../stores/dialogs.ts';
import { useProjects } from '../stores/projects.ts';
import { useRuns } from '../stores/runs.ts';
import { useSettings } from '../stores/settings.ts';
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

  const go = (id: string, label: string, path: string): Command => ({
    id,
    label,
    run: () => void router.push(path),
  });

  return computed(() => [
    {
      label: t('frame.palette.places'),
      commands: RAIL.map(({ place, path }) => go(`place-${place}`, t(`frame.rail.${place}`), path)),
    },
    {
      label: t('frame.palette.actions'),
      commands: [
        {
          id: 'new-project',
          label: t('frame.palette.newProject'),
          run: () => (dialogs.newProject = true),
        },
        go('import', t('frame.palette.importData'), '/data?import=1'),
        go('backbone', t('frame.palette.addBackbone'), '/backbones?add=1'),
        go('train', t('frame.palette.newRun'), '/train'),
        go('try', t('frame.palette.tryIt'), '/try'),
        {
          id: 'light',
          label: t('frame.palette.themeLight'),
          run: () => void change({ theme: 'light' }),
        },
        {
          id: 'dark',
          label: t('frame.palette.themeDark'),
          run: () => void change({ theme: 'dark' }),
        },
        {
          id: 'system',
          label: t('frame.palette.themeSystem'),
          run: () => void change({ theme: 'system' }),
        },
        {
          id: 'en',
          label: t('frame.palette.english'),
          run: () => void change({ language: 'en' }),
        },
        {
          id: 'zh',
          label: t('frame.palette.chinese'),
          run: () => void change({ language: 'zh-CN' }),
        },
        {
          id: 'shortcuts',
          label: t('frame.palette.shortcuts'),
          run: () => (dialogs.shortcuts = true),
        },
      ],
    },
    {
      label: t('frame.palette.projects'),
      commands: projects.active.map(({ id, name }) => go(id, name, `/projects/${id}`)),
    },
    {
      label: t('frame.palette.datasets'),
      commands: datasets.items.map(({ id, name }) => go(id, name, `/data/${id}`)),
    },
    {
      label: t('frame.palette.runs'),
      commands: runs.items.map(({ id, name }) => go(id, name, `/runs/${id}`)),
    },
  ]);
}
