import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Evaluation } from '../../../shared/domain/metrics.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import {
  readTextFile,
  sha256OfFile,
  writeFileAtomic,
  writeFolderAtomic,
} from '../../formats/files.ts';
import { readAllFloat32, writeSafetensors, type TensorToWrite } from '../../formats/safetensors.ts';
import type { NamedTensors } from '../programs/model-state.ts';

/**
 * Checkpoints of a run: `step-<n>/{adapter.safetensors, optimizer.safetensors, state.json,
 * COMPLETE}` and `best-<n>/{adapter.safetensors, evaluation.json, COMPLETE}`. Folders appear
 * atomically (temporary folder, fsync, rename). COMPLETE, the last file written, holds sizes and
 * hashes, which reveal later damage.
 */

const bestSchema = v.object({
  step: v.number(),
  epoch: v.number(),
  top1: v.number(),
  loss: v.number(),
  metrics: v.exactOptional(v.record(v.string(), v.number())),
});
const stateSchema = v.object({
  version: v.literal(1),
  /** Number of optimizer updates made. */
  step: v.number(),
  /** Where to continue: the epoch, and its first batch not yet trained on. */
  epoch: v.number(),
  batch: v.number(),
  best: v.nullable(bestSchema),
  epochsWithoutBest: v.number(),
  /** Seconds of training so far, summed over all sessions. */
  seconds: v.number(),
});
export type TrainingState = v.InferOutput<typeof stateSchema>;
export type Best = v.InferOutput<typeof bestSchema>;

const completeSchema = v.record(v.string(), v.object({ bytes: v.number(), sha256: v.string() }));

const ADAPTER = 'adapter.safetensors';
const OPTIMIZER = 'optimizer.safetensors';
const STATE = 'state.json';
const EVALUATION = 'evaluation.json';
const COMPLETE = 'COMPLETE';

export interface LoadedCheckpoint {
  readonly path: string;
  readonly state: TrainingState;
  readonly adapter: Map<string, Float32Array>;
  readonly optimizer: Map<string, Float32Array>;
}

export class CheckpointStore {
  readonly folder: string;

  /** @param runDir folder of the run; checkpoints are in `checkpoints` under it */
  constructor(runDir: string) {
    this.folder = join(runDir, 'checkpoints');
  }

  /**
   * Writes `step-<n>`. An existing, intact one of the same step is kept, because resumed training
   * is bit-identical.
   */
  async save(
    state: TrainingState,
    adapter: NamedTensors,
    optimizer: NamedTensors,
  ): Promise<string> {
    return this.#write(`step-${String(state.step)}`, async (folder) => {
      await writeSafetensors(join(folder, ADAPTER), stored(adapter));
      await writeSafetensors(join(folder, OPTIMIZER), stored(optimizer));
      await writeFileAtomic(join(folder, STATE), `${JSON.stringify(state, null, 2)}\n`);
    });
  }

  async saveBest(step: number, adapter: NamedTensors, evaluation: Evaluation): Promise<string> {
    return this.#write(`best-${String(step)}`, async (folder) => {
      await writeSafetensors(join(folder, ADAPTER), stored(adapter));
      await writeFileAtomic(join(folder, EVALUATION), `${JSON.stringify(evaluation)}\n`);
    });
  }

  /**
   * Loads the newest intact checkpoint; null if there are none.
   * @throws checkpoint-invalid if all are damaged
   */
  async newest(
    onDamaged: (path: string, reason: string) => void,
  ): Promise<LoadedCheckpoint | null> {
    const steps = await this.#numbers('step');
    for (const step of steps) {
      const path = join(this.folder, `step-${String(step)}`);
      const damage = await damageOf(path);
      if (damage === null) return this.#load(path);
      onDamaged(path, damage);
    }
    if (steps.length > 0) {
      throw new KarstError(
        'checkpoint-invalid',
        `None of the checkpoints in ${this.folder} is complete and unchanged.`,
        {
          hint: 'Train the run again from its start.',
          path: this.folder,
        },
      );
    }
    return null;
  }

  async loadBest(
    step: number,
  ): Promise<{ adapter: Map<string, Float32Array>; evaluation: Evaluation }> {
    const path = join(this.folder, `best-${String(step)}`);
    const damage = await damageOf(path);
    if (damage !== null) {
      throw new KarstError(
        'checkpoint-invalid',
        `The best adapter of the run, ${path}, is damaged: ${damage}.`,
        {
          hint: 'Resume from an earlier checkpoint or train the run again.',
          path,
        },
      );
    }
    const evaluation = JSON.parse(await readTextFile(join(path, EVALUATION))) as Evaluation;
    return { adapter: await readAllFloat32(join(path, ADAPTER)), evaluation };
  }

  /**
   * Keeps the newest `keep` checkpoints and the best adapters that they or `best` refer to; removes
   * all others and unreadable checkpoints.
   */
  async prune(keep: number, best: Best | null): Promise<void> {
    const steps = await this.#numbers('step');
    const kept = new Set<number>();
    const needed = new Set([best?.step]);
    for (const step of steps) {
      if (kept.size === Math.max(1, keep)) break;
      const path = join(this.folder, `step-${String(step)}`);
      if ((await damageOf(path, [STATE])) !== null) continue;
      kept.add(step);
      needed.add((await readState(path)).best?.step);
    }
    await this.#remove('step', (step) => !kept.has(step));
    await this.#remove('best', (step) => !needed.has(step));
  }

  /** Removes checkpoints after `step`: they are damaged, and training repeats their steps. */
  async discardAfter(step: number): Promise<void> {
    await this.#remove('step', (other) => other > step);
  }

  async clear(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #write(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    const path = join(this.folder, name);
    const present = await stat(path).then(
      () => true,
      () => false,
    );
    if (present) {
      if ((await damageOf(path)) === null) return path;
      await rm(path, { recursive: true });
    }
    await writeFolderAtomic(path, async (temporary) => {
      await fill(temporary);
      const entries: v.InferOutput<typeof completeSchema> = {};
      for (const file of (await readdir(temporary)).sort()) {
        const full = join(temporary, file);
        entries[file] = { bytes: (await stat(full)).size, sha256: await sha256OfFile(full) };
      }
      await writeFileAtomic(join(temporary, COMPLETE), `${JSON.stringify(entries, null, 2)}\n`);
    });
    return path;
  }

  async #load(path: string): Promise<LoadedCheckpoint> {
    return {
      path,
      state: await readState(path),
      adapter: await readAllFloat32(join(path, ADAPTER)),
      optimizer: await readAllFloat32(join(path, OPTIMIZER)),
    };
  }

  async #remove(kind: 'step' | 'best', gone: (step: number) => boolean): Promise<void> {
    for (const step of (await this.#numbers(kind)).filter(gone))
      await rm(join(this.folder, `${kind}-${String(step)}`), { recursive: true, force: true });
  }

  /** Returns the steps of the folders of a kind, newest first. */
  async #numbers(kind: 'step' | 'best'): Promise<number[]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    const pattern = new RegExp(`^${kind}-(\\d+)$`);
    return names
      .flatMap((name) => pattern.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  }
}

async function readState(path: string): Promise<TrainingState> {
  return v.parse(stateSchema, JSON.parse(await readTextFile(join(path, STATE))));
}

/**
 * Describes the damage of a checkpoint folder as a phrase; null if its files (or the given ones)
 * match COMPLETE.
 */
async function damageOf(path: string, files?: readonly string[]): Promise<string | null> {
  let entries: v.InferOutput<typeof completeSchema>;
  try {
    entries = v.parse(completeSchema, JSON.parse(await readTextFile(join(path, COMPLETE))));
  } catch (error) {
    return `its COMPLETE marker cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
  for (const [file, { bytes, sha256 }] of Object.entries(entries)) {
    if (files !== undefined && !files.includes(file)) continue;
    const full = join(path, file);
    const size = await stat(full).then(
      (s) => s.size,
      () => null,
    );
    if (size === null) return `${file} is missing`;
    if (size !== bytes) return `${file} has ${String(size)} bytes, not ${String(bytes)}`;
    if ((await sha256OfFile(full)) !== sha256) return `the contents of ${file} have changed`;
  }
  return null;
}

function stored(tensors: NamedTensors): TensorToWrite[] {
  return [...tensors].map(([name, { shape, values }]) => ({
    name,
    dtype: 'F32',
    shape,
    data: values,
  }));
}
