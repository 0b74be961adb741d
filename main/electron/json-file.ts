import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';

/**
 * A small file of the shell's own in the application's folder. Writing leaves the old file or the whole new one.
 * Synchronous, because the last write comes while the application ends.
 */
export class JsonFile<T> {
  readonly path: string;
  readonly #schema: v.GenericSchema<unknown, T>;
  readonly #fallback: T;

  /** @param fallback what holds while there is no such file, or one that cannot be understood */
  constructor(path: string, schema: v.GenericSchema<unknown, T>, fallback: T) {
    this.path = path;
    this.#schema = schema;
    this.#fallback = fallback;
  }

  read(): T {
    // Reading a pipe in its place would wait for good.
    if (!existsSync(this.path) || !statSync(this.path).isFile()) return this.#fallback;
    const text = readFileSync(this.path, 'utf8');
    const checked = v.safeParse(this.#schema, parsed(text));
    return checked.success ? checked.output : this.#fallback;
  }

  write(value: T): void {
    const folder = dirname(this.path);
    mkdirSync(folder, { recursive: true });
    const temporary = join(folder, `.${basename(this.path)}.${randomBytes(6).toString('hex')}.tmp`);
    try {
      const file = openSync(temporary, 'wx');
      try {
        writeSync(file, `${JSON.stringify(value, null, 2)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, this.path);
    } catch (error) {
      if (existsSync(temporary)) unlinkSync(temporary);
      throw error;
    }
  }
}

/** undefined for what is no JSON: a file that somebody cut short counts as none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
