import { fork } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileCacheFolder } from '../../platform/cache-folder.mjs';
import { engineEnvironment } from '../../platform/engine-environment.mjs';
import { writeError } from '../../formats/files.ts';
import type { EngineExit, EngineHandle, EngineSpawner } from '../contract/engine.ts';

/** Bytes of stderr kept for crash reports. */
const TAIL_BYTES = 8 * 1024;
const ENTRY = fileURLToPath(new URL('../../engine/entry.ts', import.meta.url));

/**
 * Spawner over `child_process.fork` for a given entry. The channel uses structured cloning, so
 * typed arrays are passed unchanged; the engine exits when the channel closes (`disconnect`).
 */
export function childEngineSpawner(entry: string): EngineSpawner {
  return ({ env, logFile }) => {
    let log: number | null = null;
    if (logFile !== null) {
      try {
        log = openSync(logFile, 'a');
      } catch (error) {
        throw writeError(logFile, error);
      }
    }
    const child = fork(entry, [], {
      serialization: 'advanced',
      env: {
        NODE_COMPILE_CACHE: compileCacheFolder(),
        ...process.env,
        ...engineEnvironment(),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let tail = Buffer.alloc(0);
    let logFailure: unknown = null;
    const keep = (chunk: Buffer): void => {
      if (log === null) return;
      try {
        writeSync(log, chunk);
      } catch (error) {
        // The engine continues without a log; the reason is added to the tail once.
        if (logFailure === null)
          tail = Buffer.concat([tail, Buffer.from(`\nlog: ${String(error)}\n`)]);
        logFailure = error;
      }
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', (chunk: Buffer) => {
      keep(chunk);
      tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
    });
    const listeners: ((exit: EngineExit) => void)[] = [];
    let ended: EngineExit | null = null;
    const end = (exit: Omit<EngineExit, 'stderrTail'>): void => {
      if (ended !== null) return;
      ended = { ...exit, stderrTail: tail.toString('utf8') };
      if (log !== null) closeSync(log);
      for (const listener of listeners) listener(ended);
    };
    // `close` comes after the last output and the last message, unlike `exit`.
    child.on('close', (code, signal) => end({ code, signal }));
    child.on('error', (error) => {
      tail = Buffer.concat([tail, Buffer.from(`\n${error.message}\n`)]);
      if (child.pid === undefined) end({ code: null, signal: null });
    });
    const handle: EngineHandle = {
      send(message) {
        // A message to an exiting engine may be lost: its exit is reported anyway.
        if (child.connected) child.send(message, () => undefined);
      },
      onEvent(listener) {
        child.on('message', listener);
      },
      onExit(listener) {
        if (ended === null) listeners.push(listener);
        else listener(ended);
      },
      kill() {
        child.kill('SIGKILL');
      },
    };
    return handle;
  };
}

/** Starts `main/engine/entry.ts` as a child process. */
export const spawnChildEngine: EngineSpawner = childEngineSpawner(ENTRY);
