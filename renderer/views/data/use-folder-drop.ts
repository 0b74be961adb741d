import { useBridge } from '../../bridge/index.ts';
import { useDrop, type Drop } from '../../composables/use-drop.ts';
import { t } from '../../i18n.ts';
import { useToasts } from '../../stores/toasts.ts';

/**
 * Accepts a dropped folder or file by its path. In a browser, which does not know paths, it
 * explains the alternative.
 */
export function useFolderDrop(take: (path: string) => void): Drop {
  return usePathsDrop(([first]) => {
    if (first !== undefined) take(first);
  });
}

/** The same for several files and folders. */
export function usePathsDrop(take: (paths: readonly string[]) => void): Drop {
  const bridge = useBridge();
  const toasts = useToasts();
  return useDrop((files) => {
    const paths = files.flatMap((file) => bridge.pathOf(file) ?? []);
    if (paths.length === 0) toasts.say(t('data.dropBrowser'), { tone: 'warning' });
    else take(paths);
  });
}
