import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { SAMPLE } from '../../fixtures/sample.ts';
import { errorDocument } from './schemas.ts';
import type { ErrorCode } from '../../../shared/domain/error-report.ts';

export const LAUNCHER = fileURLToPath(new URL('../../../main/cli/karst.mjs', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

export interface Running {
  readonly pid: number | undefined;
  readonly outcome: Promise<Outcome>;
  /** Resolves with the first output line that `matches`; rejects if the command exits first. */
  line(matches: (line: string) => boolean, of?: 'out' | 'error'): Promise<string>;
  /** Sends Ctrl-C as a terminal does: to the command and all its child processes. */
  interrupt(): void;
}

const living = new Set<ChildProcess>();

/** Starts the real command in a separate process, with pipes instead of a terminal. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, KARST_HOME: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A separate process group, which `interrupt` signals as a whole.
    detached: true,
  });
  let out = '';
  let error = '';
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const look of watchers) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error += text;
    for (const look of watchers) look();
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, error }));
  });
  const line: Running['line'] = (matches, of = 'out') =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const text = of === 'out' ? out : error;
        const found = text.split('\n').slice(0, -1).find(matches);
        if (found !== undefined) {
          watchers.delete(look);
          resolve(found);
        }
      };
      watchers.add(look);
      look();
      void outcome.then((end) => reject(new Error(`ended before: ${JSON.stringify(end)}`)), reject);
    });
  living.add(child);
  child.on('close', () => living.delete(child));
  const interrupt = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  };
  return { pid: child.pid, outcome, line, interrupt };
}

/** Runs the real command to completion. */
export function karst(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return start(args, env).outcome;
}

/**
 * Runs with `--json`, expects success (or the given exit code) and one document that matches the
 * schema, and returns it.
 */
export async function answer<S extends v.GenericSchema>(
  schema: S,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  exit = 0,
): Promise<v.InferOutput<S>> {
  const { code, out, error } = await karst([...args, '--json'], env);
  if (code !== exit) throw new Error(`karst ${args.join(' ')} ended with ${code}: ${out}${error}`);
  if (!/^[^\n]+\n$/.test(out)) throw new Error(`not one document: ${out}`);
  return v.parse(schema, JSON.parse(out));
}

export interface Refusal {
  readonly exit: number | null;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly path?: string | undefined;
}

/** Runs with `--json`, expects failure and an error document as the last line, and returns it. */
export async function refusal(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Refusal> {
  const { code, out, error } = await karst([...args, '--json'], env);
  if (code === 0) throw new Error(`karst ${args.join(' ')} did not fail: ${out}`);
  const last = out.trimEnd().split('\n').at(-1) ?? '';
  if (last === '') throw new Error(`karst ${args.join(' ')} said nothing: ${error}`);
  return { exit: code, ...v.parse(errorDocument, JSON.parse(last)).error };
}

/**
 * Creates a folder for one test file; `remove` deletes it and kills commands left by a failed test.
 */
export async function workplace(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'karst-cli-'));
  const remove = async () => {
    for (const child of living) {
      if (child.pid === undefined) continue;
      const ended = once(child, 'close');
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true });
  };
  return { folder, remove };
}

/** Copies the first `each` images of the first `classes` classes of the bundled digits. */
export function someDigits(target: string, classes: number, each: number): void {
  for (let label = 0; label < classes; label++) {
    const from = path.join(SAMPLE, `${label}`);
    mkdirSync(path.join(target, `${label}`), { recursive: true });
    for (const name of readdirSync(from).sort().slice(0, each)) {
      cpSync(path.join(from, name), path.join(target, `${label}`, name));
    }
  }
}
