import type { Input } from '../../shared/contract/window/procedures.ts';
import { useBridge } from '../bridge/index.ts';
import { useDialogs } from '../stores/dialogs.ts';
import { useShell } from '../stores/shell.ts';

export type FileQuestion = Pick<Input<'shell.choose'>, 'what' | 'title'> &
  Partial<Pick<Input<'shell.choose'>, 'extensions' | 'path'>>;

/** Chooses files and folders: with the native dialog, or the studio's own where there is none. */
export function useFiles() {
  const bridge = useBridge();
  const shell = useShell();
  const dialogs = useDialogs();

  /** Null when it was cancelled. */
  async function choose(question: FileQuestion): Promise<readonly string[] | null> {
    const whole = { extensions: [], path: null, ...question };
    const info = await shell.loadInfo();
    return info.nativeDialogs ? bridge.call('shell.choose', whole) : dialogs.choose(whole);
  }

  async function chooseOne(question: FileQuestion): Promise<string | null> {
    return (await choose(question))?.[0] ?? null;
  }

  return { choose, chooseOne };
}
