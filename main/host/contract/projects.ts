import type { Project } from '../../../shared/contract/window/projects.ts';

/** Changes to a project; omitted keys are unchanged. */
export interface ProjectChanges {
  readonly name?: string;
  readonly notes?: string;
  readonly archived?: boolean;
  /** Name or id; null removes it. */
  readonly backboneId?: string | null;
}

/** Projects group datasets (each may be in several), a default backbone, runs and notes. */
export interface ProjectService {
  /** Archived ones included, last changed first. */
  list(): Project[];
  get(nameOrId: string): Project;
  /** @throws name-taken, usage */
  create(name: string): Project;
  /** @throws name-taken, usage, not-found */
  update(nameOrId: string, changes: ProjectChanges): Project;
  /** A new project with the same datasets, backbone and notes; runs stay with the first. @throws name-taken, usage */
  duplicate(nameOrId: string, name: string): Project;
  /** Does nothing if it is there already. */
  attachDataset(nameOrId: string, dataset: string): Project;
  /** The dataset itself stays. Does nothing when it is not there. */
  detachDataset(nameOrId: string, dataset: string): Project;
}
