import { spawn, type ChildProcess } from 'node:child_process';
import * as v from 'valibot';
import {
  hostProcessMessageSchema,
  type HostProcessMessage,
  type ShellMessage,
} from '../../shared/contract/shell/messages.ts';
import type { HostProcedureName, Input, Output } from '../../shared/contract/window/procedures.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { compileCacheFolder } from '../platform/cache-folder.mjs';

/** The host suspends runs when it exits, for which an engine has 30 s; then it is killed. */
const CLOSE_MS = 45_000;
const TAIL = 4_000;

export interface HostCommand {
  /** The Node that runs it. */
  readonly node: string;
  readonly entry: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface HostListener {
  /** The library is open. */
  ready(): void;
  event(event: string, payload: unknown): void;
  /** It exited unexpectedly. */
  gone(reason: string): void;
}

export interface Picture {
  readonly bytes: Buffer;
  readonly contentType: string;
}

type Answer = Extract<HostProcessMessage, { id: number }>;

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: KarstError) => void;
}

/** The host in a child process, on the project's Node. It can be restarted after it has exited. */
export class HostProcess {
  readonly #command: HostCommand;
  readonly #listener: HostListener;
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | null = null;
  #nextId = 1;
  #closing = false;
  /** Why the library could not be opened, or why the host exited. */
  #problem: KarstError | null = null;

  constructor(command: HostCommand, listener: HostListener) {
    this.#command = command;
    this.#listener = listener;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  /** Process id, for tests and the log; null while not running. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Starts it unless running. Calls may be made immediately: they wait until the library is open.
   */
  start(): void {
    if (this.#child !== null) return;
    const { node, entry, home, env } = this.#command;
    this.#problem = null;
    this.#closing = false;
    const child = spawn(node, [entry, '--home', home], {
      env: { NODE_COMPILE_CACHE: compileCacheFolder(env), ...env },
      // In its own process group, so that only the shell handles the terminal's Ctrl-C.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      windowsHide: true,
    });
    this.#child = child;
    let tail = '';
    const keep = (text: string): void => {
      tail = (tail + text).slice(-TAIL);
    };
    child.stdout?.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);
    child.on('message', (message) => {
      this.#receive(message);
    });
    child.on('error', (error) => {
      keep(error.message);
      // A program that cannot be started does not emit an exit.
      if (child.pid === undefined) this.#ended(error.message);
    });
    child.on('close', (code, signal) => {
      this.#ended(describeEnd(code, signal, tail));
    });
  }

  /** A window's call, validated by the host. @throws KarstError */
  async relay(procedure: string, input: unknown): Promise<unknown> {
    const answer = await this.#ask({ type: 'call', id: this.#nextId++, procedure, input });
    return answer.type === 'answer' ? answer.output : undefined;
  }

  /** A call of the shell itself. @throws KarstError */
  async call<N extends HostProcedureName>(procedure: N, input: Input<N>): Promise<Output<N>> {
    return (await this.relay(procedure, input)) as Output<N>;
  }

  /** @throws KarstError not-found and what reading and drawing it throws */
  async picture(media: string, size: number | null): Promise<Picture> {
    const answer = await this.#ask({ type: 'picture', id: this.#nextId++, media, size });
    if (answer.type !== 'picture') throw new Error('The host answered something else.');
    return { bytes: Buffer.from(answer.base64, 'base64'), contentType: answer.contentType };
  }

  /** Shuts it down cleanly: runs are suspended with a checkpoint. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#closing = true;
    const ended = new Promise<void>((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
    const late = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
    this.#send(child, { type: 'close' });
    await ended;
    clearTimeout(late);
  }

  #ask(message: Exclude<ShellMessage, { type: 'close' }>): Promise<Answer> {
    const child = this.#child;
    if (child?.connected !== true) {
      return Promise.reject(this.#problem ?? hostIsGone('it does not run'));
    }
    return new Promise((resolve, reject) => {
      this.#pending.set(message.id, { resolve, reject });
      try {
        this.#send(child, message);
      } catch (error) {
        // A page can send what JSON cannot express: bigints, cycles.
        this.#pending.delete(message.id);
        reject(notJson(message, error));
      }
    });
  }

  #send(child: ChildProcess, message: ShellMessage): void {
    // Pending calls are rejected when the process's exit is noticed.
    if (child.connected) child.send(message, () => undefined);
  }

  #receive(raw: unknown): void {
    const checked = v.safeParse(hostProcessMessageSchema, raw);
    if (!checked.success) {
      const [issue] = checked.issues;
      this.#listener.event('notice', { level: 'error', error: notAsAgreed(issue.message) });
      return;
    }
    const message = checked.output;
    switch (message.type) {
      case 'ready':
        this.#listener.ready();
        return;
      case 'failed':
        this.#problem = KarstError.fromReport(message.error);
        return;
      case 'event':
        this.#listener.event(message.event, message.payload);
        return;
      case 'refusal':
        this.#take(message.id)?.reject(KarstError.fromReport(message.error));
        return;
      default:
        this.#take(message.id)?.resolve(message);
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #ended(reason: string): void {
    if (this.#child === null) return;
    this.#child = null;
    const problem = this.#problem ?? hostIsGone(reason);
    this.#problem = problem;
    for (const { reject } of this.#pending.values()) reject(problem);
    this.#pending.clear();
    if (!this.#closing) this.#listener.gone(problem.message);
  }
}

function describeEnd(code: number | null, signal: string | null, tail: string): string {
  const how = signal === null ? `it ended with code ${String(code)}` : `it was ended by ${signal}`;
  const lines = tail.trimEnd().split('\n');
  const last = lines.reverse().find((line) => /\w*Error\b.*:/.test(line)) ?? lines[0];
  return last === undefined || last === '' ? how : `${how} (${last.trim()})`;
}

function hostIsGone(reason: string): KarstError {
  return new KarstError('not-available', `The studio's host process has ended: ${reason}.`, {
    hint: 'Restart it. Only work since the last checkpoint is lost.',
  });
}

function notJson(message: { type: string; procedure?: string }, cause: unknown): KarstError {
  const what = message.procedure ?? message.type;
  return new KarstError('usage', `${what.slice(0, 100)}: the input cannot be written as JSON.`, {
    hint: 'Change that value and try again.',
    cause,
  });
}

function notAsAgreed(reason: string): ErrorReport {
  return {
    code: 'internal',
    message: `The studio's host process sent an invalid message: ${reason}.`,
    hint: 'This is a fault in KARST Studio: please report it.',
  };
}
