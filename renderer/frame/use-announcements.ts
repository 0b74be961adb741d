import { ref, type Ref } from 'vue';
import { useRouter } from 'vue-router';
import type { Status } from '../../shared/contract/window/system.ts';
import type { Task } from '../../shared/contract/window/tasks.ts';
import { t } from '../i18n.ts';
import { useRuns } from '../stores/runs.ts';
import { taskTitle, useTasks } from '../stores/tasks.ts';
import { useToasts, type ToastAction } from '../stores/toasts.ts';

const TOLD_KEY = 'karst.told';

/** Path of a finished task's result; null if there is none to open. */
export function placeOf(task: Task): string | null {
  const { result } = task;
  if (result === null) return null;
  switch (result.kind) {
    case 'dataset':
      return `/data/${result.datasetId}`;
    case 'backbone':
      return '/backbones';
    case 'adapter':
      return `/library/${result.adapterId}`;
    case 'evaluation':
      return `/evaluations/${result.evaluationId}`;
    case 'sample':
      return `/runs/${result.runId}`;
    case 'found':
    case 'growth':
    case 'outlook':
    case 'written':
    case 'predictions':
    case 'benchmark':
      return null;
  }
}

/**
 * Notifies of runs and tasks that finish while the window is open, once each, with a link to the
 * result. `spoken` is the text of the live region, which announces starts; ends are announced by
 * their notification.
 */
export function useAnnouncements(): {
  readonly spoken: Readonly<Ref<string>>;
  /** Notices from the host's start; not repeated after a reload. */
  readonly tellStart: (status: Status) => void;
} {
  const router = useRouter();
  const toasts = useToasts();
  const tasks = useTasks();
  const runs = useRuns();
  const spoken = ref('');

  function show(path: string): ToastAction {
    return { label: t('tasks.tray.show'), run: () => void router.push(path) };
  }

  tasks.onEnded((task) => {
    if (spoken.value === taskTitle(task)) spoken.value = '';
    if (tasks.isFollowed(task.id) || task.state === 'cancelled') return;
    if (task.state === 'failed') {
      if (task.error !== null) toasts.fail(task.error);
      return;
    }
    const place = placeOf(task);
    const { result } = task;
    const known = result?.kind === 'adapter' ? result.sameAs : null;
    const ended =
      known === null
        ? t(`tasks.ended.${task.kind}`, { subject: task.subject })
        : t('library.sameAs', { name: known });
    toasts.say(ended, {
      tone: 'done',
      ...(place === null ? {} : { action: show(place) }),
    });
  });
  tasks.onStarted((task) => {
    spoken.value = taskTitle(task);
  });
  runs.onEnded((run) => {
    if (run.state === 'queued' || run.state === 'running' || run.state === 'paused') return;
    const tone = run.state === 'failed' ? 'failed' : run.state === 'done' ? 'done' : 'info';
    toasts.say(t(`frame.runEnded.${run.state}`, { name: run.name }), {
      tone,
      action: show(`/runs/${run.id}`),
    });
  });

  function tellStart({ notices, interrupted }: Status): void {
    const news = JSON.stringify([notices, interrupted]);
    if (sessionStorage.getItem(TOLD_KEY) === news) return;
    sessionStorage.setItem(TOLD_KEY, news);
    for (const notice of notices) toasts.say(notice);
    const [first] = interrupted;
    if (first === undefined) return;
    const alone = interrupted.length === 1;
    toasts.say(t('frame.interrupted', { count: interrupted.length }), {
      tone: 'warning',
      action: show(alone ? `/runs/${first}` : '/runs'),
    });
  }

  return { spoken, tellStart };
}
