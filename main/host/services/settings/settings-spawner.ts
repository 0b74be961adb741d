import type { Settings } from '../../../../shared/contract/window/system.ts';
import { engineEnvironment } from '../../../platform/engine-environment.mjs';
import type { EngineSpawner } from '../../contract/engine.ts';

/** Environment variables for the threads and device of the settings; none for automatic ones. */
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

/** Starts engines with the current settings. */
export function settingsSpawner(
  spawn: EngineSpawner,
  settings: { get(): Settings },
): EngineSpawner {
  return (options) =>
    spawn({ ...options, env: { ...settingsEnvironment(settings.get()), ...options.env } });
}
