import { defineStore } from 'pinia';
import { computed } from 'vue';
import type { Input } from '../../shared/contract/window/procedures.ts';
import type { Project } from '../../shared/contract/window/projects.ts';
import { toErrorReport } from '../../shared/domain/errors.ts';
import { useBridge } from '../bridge/index.ts';
import { useLibraryList } from './library-list.ts';
import { useSettings } from './settings.ts';
import { useToasts } from './toasts.ts';

/** All projects, and the current one. */
export const useProjects = defineStore('projects', () => {
  const bridge = useBridge();
  const list = useLibraryList<Project>('projects', () => bridge.call('projects.list', {}));
  const settings = useSettings();
  const toasts = useToasts();
  const current = computed(() => {
    const { project } = settings.current;
    return project === null ? null : (list.byId.value.get(project) ?? null);
  });
  const active = computed(() => list.items.value.filter((project) => !project.archived));

  /** The project of new datasets and runs, until another is opened. */
  function enter(id: string | null): void {
    if (settings.current.project === id) return;
    settings.update({ project: id }).catch((error: unknown) => toasts.fail(toErrorReport(error)));
  }

  async function create(name: string): Promise<Project> {
    return kept(await bridge.call('projects.create', { name }));
  }

  async function update(change: Input<'projects.update'>): Promise<Project> {
    return kept(await bridge.call('projects.update', change));
  }

  async function duplicate(id: string, name: string): Promise<Project> {
    return kept(await bridge.call('projects.duplicate', { id, name }));
  }

  async function attachDataset(id: string, datasetId: string): Promise<Project> {
    return kept(await bridge.call('projects.attachDataset', { id, datasetId }));
  }

  async function detachDataset(id: string, datasetId: string): Promise<Project> {
    return kept(await bridge.call('projects.detachDataset', { id, datasetId }));
  }

  function kept(project: Project): Project {
    list.put(project);
    return project;
  }

  return {
    ...list,
    current,
    active,
    enter,
    create,
    update,
    duplicate,
    attachDataset,
    detachDataset,
  };
});
