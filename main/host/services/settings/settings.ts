import * as v from 'valibot';
import { settings as schema, type Settings } from '../../../../shared/contract/window/system.ts';
import type { SettingsChange } from '../../contract/settings.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { SettingRepository } from '../../store/settings.ts';

export const SETTING_DEFAULTS: Settings = {
  language: 'system',
  theme: 'system',
  threads: 0,
  device: 'auto',
  welcomed: false,
  project: null,
  folder: null,
};

/** The settings of a home: the same for the window, the browser and the command line. */
export class SettingsStore {
  readonly #settings: SettingRepository;
  constructor(settings: SettingRepository) {
    this.#settings = settings;
  }

  /** @throws store-damaged for an invalid value written by something else */
  get(): Settings {
    const stored = Object.fromEntries(this.#settings.all());
    const welcomed = stored['welcomed'] ?? !this.#settings.ofEmptyLibrary();
    const outcome = v.safeParse(schema, { ...SETTING_DEFAULTS, ...stored, welcomed });
    if (outcome.success) return outcome.output;
    const key = v.getDotPath(outcome.issues[0]) ?? '';
    throw new KarstError(
      'store-damaged',
      `The library has an invalid value for the setting "${key}".`,
      {
        hint: 'Restore the newest backup, or report this.',
      },
    );
  }

  update(change: SettingsChange): Settings {
    this.#settings.set(new Map(Object.entries(change).filter(([, value]) => value !== undefined)));
    return this.get();
  }
}
