import { freeName } from '../../shared/domain/free-name.ts';
import { useBridge } from '../bridge/index.ts';
import { joinedPath } from '../domain/path.ts';
import { useSettings } from '../stores/settings.ts';

/** Proposes paths to write to: a free name where a file or folder was last chosen, or at home. */
export function useOfferedPath(): (name: string) => Promise<string> {
  const bridge = useBridge();
  const settings = useSettings();

  return async (name) => {
    const [base = name, ending = ''] = /^(.+)(\.[^.]+)$/.exec(name)?.slice(1) ?? [];
    const extensions = ending === '' ? [] : [ending];
    const listOf = (folder: string | null) => bridge.call('files.list', { folder, extensions });
    const { folder, entries } = await listOf(settings.current.folder).catch(() => listOf(null));
    const taken = entries.flatMap(({ name: one }) =>
      one.endsWith(ending) ? [one.slice(0, one.length - ending.length)] : [],
    );
    return joinedPath(folder, freeName(base, taken, '-') + ending);
  };
}
