import { dialog, type BrowserWindow, type MessageBoxOptions } from 'electron';
import type { Activity } from './activity.ts';
import type { Words } from './words.ts';

/** The user's choice on closing the window or quitting during work. */
export type QuitChoice = 'quit' | 'go-on' | 'cancel';

/** Asks only during work; otherwise quits immediately. */
export async function askBeforeQuit(
  activity: Activity,
  words: Words,
  parent: BrowserWindow | null,
): Promise<QuitChoice> {
  const question = quitQuestion(activity, words);
  if (question === null) return 'quit';
  const { response } = await (parent === null
    ? dialog.showMessageBox(question)
    : dialog.showMessageBox(parent, question));
  return (['go-on', 'quit', 'cancel'] as const)[response] ?? 'cancel';
}

/** null while idle. The buttons are in the order of the answers above. */
export function quitQuestion(activity: Activity, words: Words): MessageBoxOptions | null {
  const runs = activity.goingRuns;
  const tasks = activity.goingTasks.length;
  const [run] = runs;
  if (run === undefined && tasks === 0) return null;
  const message =
    run === undefined
      ? words.tasksGoOn(tasks)
      : runs.length === 1
        ? words.runGoesOn(run.name)
        : words.runsGoOn(runs.length);
  return {
    type: 'question',
    message,
    detail: [run === undefined ? '' : words.runDetail, tasks === 0 ? '' : words.taskDetail]
      .filter((sentence) => sentence !== '')
      .join(' '),
    buttons: [
      words.keepTraining,
      run === undefined ? words.cancelAndQuit : words.quitAndContinue,
      words.cancel,
    ],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  };
}
