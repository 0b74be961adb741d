import type { Settings } from '../../../shared/contract/window/system.ts';

/** Some settings, as a window sends them; what is undefined is left alone. */
export type SettingsChange = { readonly [K in keyof Settings]?: Settings[K] | undefined };

/** What a person set for this home; engines keep to threads and device from their next start on. */
export interface SettingsService {
  get(): Settings;
  /** What is left out, or undefined, stays as it is. Returns all of them. */
  update(change: SettingsChange): Settings;
}
