import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Input } from '../../shared/contract/window/procedures.ts';
import type { Project } from '../../shared/contract/window/projects.ts';
import { useBridge } from '../bridge/index.ts';
import { useLibraryList } from './library-list.ts';

const CURRENT_KEY = 'karst.project';

/** All projects, and the current one. */
export const useProjects = defineStore('projects', () => {
  const bridge = useBridge();
  const list = useLibraryList<Project>('projects', () => bridge.call('projects.list', {}));
  const currentId = ref(localStorage.getItem(CURRENT_KEY));
  const current = computed(() =>
    currentId.value === null ? null : (list.byId.value.get(currentId.value) ?? null),
  );
  const active = computed(() => list.items.value.filter((project) => !project.archived));

  /** The project of new datasets and runs, until another is opened. */
  function enter(id: string | null): void {
    currentId.value = id;
    if (id === null) localStorage.removeItem(CURRENT_KEY);
    else localStorage.setItem(CURRENT_KEY, id);
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
