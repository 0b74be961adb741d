import type { Project } from '../../../shared/contract/window/projects.ts';
import type { Library } from '../store/library.ts';
import { checkName, requireFreeName } from '../store/names.ts';
import type { NoteRepository } from '../store/notes.ts';
import type { ProjectRepository } from '../store/projects.ts';
import type { BackboneService } from '../contract/backbones.ts';
import type { DatasetService } from '../contract/datasets.ts';
import type { ProjectChanges, ProjectService } from '../contract/projects.ts';

export interface ProjectsContext {
  readonly library: Library;
  readonly projects: ProjectRepository;
  readonly notes: NoteRepository;
  readonly datasets: Pick<DatasetService, 'get'>;
  readonly backbones: Pick<BackboneService, 'get'>;
}

export class Projects implements ProjectService {
  readonly #c: ProjectsContext;

  constructor(context: ProjectsContext) {
    this.#c = context;
  }

  list(): Project[] {
    return this.#c.projects.list();
  }

  get(nameOrId: string): Project {
    return this.#c.projects.get(nameOrId);
  }

  create(wanted: string): Project {
    const { library, projects } = this.#c;
    const name = checkName('project', wanted);
    return library.transaction(() => {
      requireFreeName(library, 'project', name);
      return projects.insert(name);
    });
  }

  update(nameOrId: string, changes: ProjectChanges): Project {
    const { library, projects, notes, backbones } = this.#c;
    const { notes: text, backboneId, name: wanted, ...rest } = changes;
    const name = wanted === undefined ? undefined : checkName('project', wanted);
    return library.transaction(() => {
      const project = this.get(nameOrId);
      if (name !== undefined && name !== project.name) requireFreeName(library, 'project', name);
      if (text !== undefined) notes.write(project.id, text);
      projects.update(project.id, {
        ...rest,
        ...(name === undefined ? {} : { name }),
        ...(backboneId === undefined
          ? {}
          : { backboneId: backboneId === null ? null : backbones.get(backboneId).id }),
      });
      return this.get(project.id);
    });
  }

  duplicate(nameOrId: string, wanted: string): Project {
    const { library, projects } = this.#c;
    const original = this.get(nameOrId);
    return library.transaction(() => {
      const { id } = this.create(wanted);
      projects.copyDatasets(original.id, id);
      return this.update(id, { notes: original.notes, backboneId: original.backboneId });
    });
  }

  attachDataset(nameOrId: string, dataset: string): Project {
    const { library, projects, datasets } = this.#c;
    return library.transaction(() => {
      const { id } = this.get(nameOrId);
      if (projects.attach(id, datasets.get(dataset).id)) projects.touch(id);
      return this.get(id);
    });
  }

  detachDataset(nameOrId: string, dataset: string): Project {
    const { library, projects, datasets } = this.#c;
    return library.transaction(() => {
      const { id } = this.get(nameOrId);
      if (projects.detach(id, datasets.get(dataset).id)) projects.touch(id);
      return this.get(id);
    });
  }
}
