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
 * A small file of the shell in the application's folder, written atomically. Synchronous, because
 * the last write happens during quit.
 */
export class JsonFile<T> {
  readonly path: string;
  readonly #schema: v.GenericSchema<unknown, T>;
  readonly #fallback: T;

  /** @param fallback the value for a missing or invalid file */
  constructor(path: string, schema: v.GenericSchema<unknown, T>, fallback: T) {
    this.path = path;
    this.#schema = schema;
    this.#fallback = fallback;
  }

  read(): T {
    // Reading a pipe would block forever.
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

/** undefined for invalid JSON: a truncated file counts as missing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
