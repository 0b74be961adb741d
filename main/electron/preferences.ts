import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { KarstError } from '../../shared/domain/errors.ts';
import { studioHome } from '../host/home.ts';
import { JsonFile } from './json-file.ts';
import { FIRST_STATE, windowStateSchema, type WindowState } from './window-state.ts';

const studioSchema = v.object({
  /** The data folder; null for the default. */
  home: v.nullable(v.string()),
});

/** The shell's preferences, in the user's application folder: data folder and window state. */
export class Preferences {
  readonly #studio: JsonFile<v.InferOutput<typeof studioSchema>>;
  readonly #window: JsonFile<WindowState>;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(
    folder: string,
    environment: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#studio = new JsonFile(join(folder, 'studio.json'), studioSchema, { home: null });
    this.#window = new JsonFile(join(folder, 'window.json'), windowStateSchema, FIRST_STATE);
    this.#environment = environment;
  }

  /** The data folder: `KARST_HOME`, else the chosen one, else the platform's. */
  get home(): string {
    if (!this.canMoveHome) return studioHome(undefined, this.#environment);
    return studioHome(this.#studio.read().home ?? undefined, this.#environment);
  }

  /** Not while an environment variable sets it. */
  get canMoveHome(): boolean {
    return !this.#environment['KARST_HOME'];
  }

  /**
   * Sets the folder for the next start. Nothing is moved or copied.
   * @throws KarstError not-found, not-writable, in-use for a folder with other content
   */
  moveHome(folder: string): string {
    const home = resolve(folder);
    if (!existsSync(home) || !statSync(home).isDirectory()) {
      throw new KarstError('not-found', `${home} is not a folder.`, {
        hint: 'Choose an existing folder.',
        path: home,
      });
    }
    try {
      accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new KarstError('not-writable', `You may not write to ${home}.`, {
        hint: 'Choose a folder of your own.',
        path: home,
        cause,
      });
    }
    const names = readdirSync(home);
    if (names.length > 0 && !names.includes('library.sqlite')) {
      throw new KarstError('in-use', `${home} holds other files.`, {
        hint: 'Choose an empty folder, or one with data of the studio.',
        path: home,
      });
    }
    this.#studio.write({ home });
    return home;
  }

  get window(): WindowState {
    return this.#window.read();
  }

  set window(state: WindowState) {
    this.#window.write(state);
  }
}
