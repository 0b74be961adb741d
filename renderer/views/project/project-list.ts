import type { Project } from '../../../shared/contract/window/projects.ts';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { Sorting } from '../../components/table.ts';

/** Projects with every word of the query in their name or notes. */
export function withWords(projects: readonly Project[], query: string): Project[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return projects.filter((project) => {
    const text = `${project.name}\n${project.notes}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

const ORDERS = new Map<string, (a: Project, b: Project) => number>(
  Object.entries<(a: Project, b: Project) => number>({
    name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
    runs: (a, b) => a.runIds.length - b.runIds.length,
    // Projects without the value come last.
    best: (a, b) => (a.bestTop1 ?? -1) - (b.bestTop1 ?? -1),
    changed: (a, b) => a.updatedAt.localeCompare(b.updatedAt),
  }),
);

export function sortedProjects(
  projects: readonly Project[],
  sorting: Sorting | null,
): readonly Project[] {
  const order = sorting === null ? undefined : ORDERS.get(sorting.key);
  if (sorting === null || order === undefined) return projects;
  const direction = sorting.down ? -1 : 1;
  return [...projects].sort((a, b) => direction * order(a, b));
}

/** The runs of a project, newest first. */
export function runsOf(project: Project, runs: readonly RunView[]): RunView[] {
  return runs
    .filter((run) => run.projectId === project.id)
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}
