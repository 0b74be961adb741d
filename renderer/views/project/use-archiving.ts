import type { Project } from '../../../shared/contract/window/projects.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useProjects } from '../../stores/projects.ts';
import { useUndo } from '../../stores/undo.ts';

/** Archives or unarchives a project; the notification can undo it. */
export function useArchiving() {
  const projects = useProjects();
  const undo = useUndo();

  const takeOut = ({ id }: Project) => projects.update({ id, archived: false });
  const { run: unarchive } = useAction(takeOut);
  const { run: archive } = useAction(async (project: Project) => {
    await projects.update({ id: project.id, archived: true });
    if (projects.current?.id === project.id) projects.enter(null);
    undo.offer(t('projects.archived', { name: project.name }), () => takeOut(project));
  });

  return { archive, unarchive };
}
