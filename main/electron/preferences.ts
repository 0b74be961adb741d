import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { KarstError } from '../../shared/domain/errors.ts';
import { studioHome } from '../host/home.ts';
import { JsonFile } from './json-file.ts';
import { FIRST_STATE, windowStateSchema, type WindowState } from './window-state.ts';

const studioSchema = v.object({
  /** Folder of the studio's data; null for the usual one. */
  home: v.nullable(v.string()),
});

/** What the shell itself keeps, in the application's folder of the user: where the data lie, and the window's place. */
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

  /** Folder of the studio's data: `KARST_HOME`, else the one that was chosen, else the platform's. */
  get home(): string {
    if (!this.canMoveHome) return studioHome(undefined, this.#environment);
    return studioHome(this.#studio.read().home ?? undefined, this.#environment);
  }

  /** Not while a variable of the environment names it. */
  get canMoveHome(): boolean {
    return !this.#environment['KARST_HOME'];
  }

  /**
   * Takes another folder from the next start on. Nothing is moved or copied.
   * @throws KarstError not-found, not-writable, in-use for a folder that holds something else
   */
  moveHome(folder: string): string {
    const home = resolve(folder);
    if (!existsSync(home) || !statSync(home).isDirectory()) {
      throw new KarstError('not-found', `${home} is no folder.`, {
        hint: 'Choose a folder that is there.',
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
        hint: 'Choose an empty folder, or one that already holds data of the studio.',
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
