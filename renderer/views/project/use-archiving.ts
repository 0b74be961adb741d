import type { Project } from '../../../shared/contract/window/projects.ts';
import { useAction } from '../../composables/use-action.ts';
import { t } from '../../i18n.ts';
import { useProjects } from '../../stores/projects.ts';
import { useToasts } from '../../stores/toasts.ts';

/** Puts a project into the archive and takes it out; the notification can undo it. */
export function useArchiving() {
  const projects = useProjects();
  const toasts = useToasts();

  const { run: unarchive } = useAction((project: Project) =>
    projects.update({ id: project.id, archived: false }),
  );
  const { run: archive } = useAction(async (project: Project) => {
    await projects.update({ id: project.id, archived: true });
    if (projects.current?.id === project.id) projects.enter(null);
    toasts.say(t('projects.archived', { name: project.name }), {
      action: { label: t('common.undo'), run: () => void unarchive(project) },
    });
  });

  return { archive, unarchive };
}
