import { useRouter } from 'vue-router';
import { KarstError } from '../../../shared/domain/errors.ts';
import { useBridge } from '../../bridge/index.ts';
import { useAction } from '../../composables/use-action.ts';
import { useFiles } from '../../composables/use-files.ts';
import { t } from '../../i18n.ts';
import { useTasks } from '../../stores/tasks.ts';
import { useToasts } from '../../stores/toasts.ts';

/** Imports an adapter folder or a `.karst` file and shows it. */
export function useAdapterImport() {
  const bridge = useBridge();
  const router = useRouter();
  const files = useFiles();
  const tasks = useTasks();
  const toasts = useToasts();

  async function take(path: string): Promise<void> {
    const result = await tasks.follow(bridge.call('adapters.import', { path, name: null }));
    if (result.kind !== 'adapter') {
      throw new KarstError('internal', `An import of an adapter ended with "${result.kind}".`);
    }
    await router.push(`/library/${result.adapterId}`);
    if (result.sameAs !== null) toasts.say(t('library.sameAs', { name: result.sameAs }));
  }

  const { run: importFolder } = useAction(async () => {
    const path = await files.chooseOne({ what: 'folder', title: t('library.importTitle') });
    if (path !== null) await take(path);
  });
  const { run: importFile } = useAction(async () => {
    const path = await files.chooseOne({
      what: 'file',
      title: t('library.importFileTitle'),
      extensions: ['karst'],
    });
    if (path !== null) await take(path);
  });

  return { importFolder, importFile };
}
