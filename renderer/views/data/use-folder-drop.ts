import { useBridge } from '../../bridge/index.ts';
import { useDrop, type Drop } from '../../composables/use-drop.ts';
import { t } from '../../i18n.ts';
import { useToasts } from '../../stores/toasts.ts';

/**
 * Accepts a dropped folder or file by its path. In a browser, which does not know paths, it
 * explains the alternative.
 */
export function useFolderDrop(take: (path: string) => void): Drop {
  const bridge = useBridge();
  const toasts = useToasts();
  return useDrop(([first]) => {
    const path = first === undefined ? null : bridge.pathOf(first);
    if (path === null) toasts.say(t('data.dropBrowser'), { tone: 'warning' });
    else take(path);
  });
}
