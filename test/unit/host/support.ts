import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach } from 'vitest';
import { childEngineSpawner } from '../../../main/host/child-engine.ts';
import {
  openStudio,
  type EngineSpawner,
  type Studio,
  type StudioOptions,
} from '../../../main/host/studio.ts';
import { timmConfigToJson } from '../../../main/formats/timm-config.ts';
import { writeSafetensors } from '../../../main/formats/safetensors.ts';
import type { Preprocessing, VitArchitecture } from '../../../shared/domain/architecture.ts';
import { KarstError, type ErrorCode } from '../../../shared/domain/errors.ts';
import { vitTensorShapes } from '../../../shared/domain/karst-shapes.ts';
import { TRAINING_DEFAULTS, type TrainingConfig } from '../../../shared/domain/training.ts';

const folders: string[] = [];
const studios: Studio[] = [];

afterEach(async () => {
  for (const studio of studios.splice(0)) await studio.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'karst-host-'));
  folders.push(folder);
  return folder;
}

export const ENGINE = fileURLToPath(
  new URL('../../fixtures/engines/fake-engine.ts', import.meta.url),
);

/** A real child process of the test double. */
export function fakeEngine(env: Record<string, string> = {}): EngineSpawner {
  const spawn = childEngineSpawner(ENGINE);
  return (options) => spawn({ ...options, env: { ...options.env, ...env } });
}

/** A studio that is closed after the test. */
export async function studioIn(
  home: string,
  options: Partial<StudioOptions> = {},
): Promise<Studio> {
  const studio = await openStudio({ home, spawn: fakeEngine(), starter: null, ...options });
  studios.push(studio);
  return studio;
}

export const ARCHITECTURE: VitArchitecture = {
  family: 'vit',
  imageSize: 16,
  patchSize: 8,
  width: 12,
  depth: 2,
  heads: 3,
  hidden: 24,
  qkvBias: true,
  classes: 5,
  layerNormEpsilon: 1e-6,
};

export const PREPROCESSING: Preprocessing = {
  imageSize: 16,
  interpolation: 'bicubic',
  cropFraction: 0.875,
  cropMode: 'center',
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

/** Writes a tiny backbone as timm would; `change` alters the tensors' shapes before. Returns the weights' path. */
export async function writeBackbone(
  folder: string,
  options: {
    name?: string;
    value?: number;
    config?: boolean;
    dtype?: 'F32' | 'F16' | 'BF16';
    metadata?: Record<string, string>;
    change?: (shapes: Map<string, readonly number[]>) => void;
  } = {},
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, options.name ?? 'model.safetensors');
  const shapes = vitTensorShapes(ARCHITECTURE);
  options.change?.(shapes);
  await writeSafetensors(
    path,
    [...shapes].map(([name, shape]) => ({
      name,
      dtype: options.dtype ?? 'F32',
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(options.value ?? 0.1),
    })),
    options.metadata ?? {},
  );
  if (options.config !== false)
    writeFileSync(
      join(folder, 'config.json'),
      JSON.stringify(timmConfigToJson('vit_test', ARCHITECTURE, PREPROCESSING)),
    );
  return path;
}

/** Writes a small real image whose content follows from `n`. */
export async function writeImage(path: string, n: number, width = 8, height = 6): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await sharp({
    create: {
      width,
      height,
      channels: 3,
      background: { r: n % 256, g: Math.floor(n / 256) % 256, b: Math.floor(n / 65536) },
    },
  })
    .png({ compressionLevel: 0 })
    .toFile(path);
}

/** `{class: count}` as a folder of class folders with images that all differ. */
export async function writeClassFolders(
  folder: string,
  classes: Record<string, number>,
  first = 0,
): Promise<void> {
  let n = first;
  for (const [name, count] of Object.entries(classes))
    for (let i = 0; i < count; i++) await writeImage(join(folder, name, `${i}.png`), n++);
}

/** Short training on the CPU's time, were it real. */
export const CONFIG: TrainingConfig = {
  ...TRAINING_DEFAULTS,
  schedule: { ...TRAINING_DEFAULTS.schedule, epochs: 2, warmupEpochs: 0 },
};

/** The error that a promise or a function ends with, which must be a `KarstError` of that code. */
export async function refusal(
  work: Promise<unknown> | (() => unknown),
  code: ErrorCode,
): Promise<KarstError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (!(error instanceof KarstError) || error.code !== code) throw error;
    return error;
  }
  throw new Error(`expected an error of the code ${code}`);
}
