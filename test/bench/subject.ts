import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';

/**
 * A measured process that answers every line of its standard input with one line of JSON. Its first
 * line reports that it is ready.
 */
export class Subject {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    if (child.stdout === null) throw new Error('a subject has a standard output');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
  }

  /** Starts the process and waits until it is ready. */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Subject> {
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const subject = new Subject(name, child);
    const kill = (): void => void child.kill();
    process.once('exit', kill);
    child.once('close', () => process.off('exit', kill));
    await subject.#answer(v.looseObject({ ready: v.literal(true) }));
    return subject;
  }

  async ask<S extends v.GenericSchema>(line: string, answer: S): Promise<v.InferOutput<S>> {
    this.#child.stdin?.write(`${line}\n`);
    return this.#answer(answer);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin?.end();
    await closed;
  }

  async #answer<S extends v.GenericSchema>(schema: S): Promise<v.InferOutput<S>> {
    for (;;) {
      const next = await this.#lines.next();
      if (next.done === true) throw new Error(`${this.name} ended early:\n${this.#errors}`);
      // Skip lines printed by libraries; answers are JSON objects.
      if (next.value.startsWith('{')) return v.parse(schema, JSON.parse(next.value));
    }
  }
}
