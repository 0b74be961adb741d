import type { Settings } from '../../../../shared/contract/window/system.ts';
import { engineEnvironment } from '../../../platform/engine-environment.mjs';
import type { EngineSpawner } from '../../contract/engine.ts';

/** Variables by which an engine keeps to threads and device of the settings; none where those leave the choice to it. */
export function settingsEnvironment(
  settings: Pick<Settings, 'threads' | 'device'>,
): Record<string, string> {
  const { threads, device } = settings;
  if (threads === 0 && device !== 'cpu') return {};
  return engineEnvironment({
    ...(threads > 0 ? { threads } : {}),
    ...(device === 'cpu' ? { gpu: false } : {}),
  });
}

/** Starts engines under the settings as they are at that moment. */
export function settingsSpawner(
  spawn: EngineSpawner,
  settings: { get(): Settings },
): EngineSpawner {
  return (options) =>
    spawn({ ...options, env: { ...settingsEnvironment(settings.get()), ...options.env } });
}
