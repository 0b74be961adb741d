import type { Settings } from '../../../shared/contract/window/system.ts';

/** A partial update of the settings; undefined values are unchanged. */
export type SettingsChange = { readonly [K in keyof Settings]?: Settings[K] | undefined };

/** The user's settings for this home; threads and device apply from an engine's next start. */
export interface SettingsService {
  get(): Settings;
  /** Omitted and undefined values are unchanged. Returns all settings. */
  update(change: SettingsChange): Settings;
}
