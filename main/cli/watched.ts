import type { Studio } from '../host/contract/studio.ts';
import type { JobWatching } from '../host/contract/watching.ts';
import { withStudio, type CommandContext } from './context.ts';
import { progressView } from './output/progress.ts';

/** Opens the studio for one job and shows on standard error how it gets on. */
export function withWatchedStudio<T>(
  context: CommandContext,
  job: (studio: Studio, watching: Required<JobWatching>) => Promise<T>,
): Promise<T> {
  const view = progressView(context.console);
  return withStudio(context, async (studio, signal) => {
    try {
      return await job(studio, { signal, onProgress: view.host, onEvent: view.engine });
    } finally {
      view.stop();
    }
  });
}
