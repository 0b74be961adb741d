import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { loadForEvaluation } from '../../../main/engine/data/batch-maker.ts';
import { workingRule } from '../../../main/engine/data/augmentation.ts';
import { settlePreprocessing } from '../../../main/formats/checkpoints/backbone-preprocessing.ts';
import { DEFAULT_PREPROCESSING } from '../../../main/formats/preprocessing/assumed.ts';
import { readPreprocessCfg } from '../../../main/formats/preprocessing/open-clip.ts';
import {
  pretrainedCfgSchema,
  readPretrainedCfg,
} from '../../../main/formats/preprocessing/timm.ts';
import {
  preprocessingFromJson,
  preprocessingToJson,
} from '../../../main/formats/preprocessor-config.ts';
import { SafetensorsFile } from '../../../main/formats/safetensors.ts';
import {
  borderColour,
  resizedSide,
  type Preprocessing,
} from '../../../shared/domain/preprocessing.ts';
import { difference } from './fixtures.ts';

/** Made by make_preprocessing.py, with the libraries themselves. */
const FOLDER = join(import.meta.dirname, '../../fixtures/preprocessing');
const SIDE = 16;
const PICTURES = ['wide', 'tall', 'tiny', 'square', 'strip'];

interface Case {
  readonly library: 'transformers' | 'timm' | 'open_clip';
  readonly file: unknown;
}

const file = await SafetensorsFile.open(join(FOLDER, 'pictures.safetensors'));
const cases = JSON.parse(file.metadata.get('cases')!) as Record<string, Case>;
const expected = new Map<string, Float32Array>();
for (const name of file.tensors.keys()) expected.set(name, await file.readFloat32(name));
await file.close();

function read({ library, file: said }: Case): Preprocessing {
  switch (library) {
    case 'transformers':
      return preprocessingFromJson(said, 'p.json');
    case 'open_clip':
      return { ...readPreprocessCfg(said, 'o.json'), imageSize: SIDE };
    case 'timm': {
      const cfg = readPretrainedCfg(v.parse(pretrainedCfgSchema, said), 'c.json');
      return settlePreprocessing(
        { timm: { said: cfg ?? {}, from: 'config.json' }, openClip: null, preprocessor: null },
        { imageSize: SIDE, fits: () => true, anySize: false, assumed: DEFAULT_PREPROCESSING },
      ).preprocessing;
    }
  }
}

/** Largest difference in levels, whatever the unit of the values. */
function worst(found: Float32Array, name: string, { std }: Preprocessing): number {
  const area = SIDE ** 2;
  const wanted = expected.get(name)!;
  return Math.max(
    ...std.map(
      (deviation, c) =>
        difference(
          found.subarray(c * area, (c + 1) * area),
          wanted.subarray(c * area, (c + 1) * area),
        ).max *
        deviation *
        255,
    ),
  );
}

describe('a picture that is prepared as a file of another library says', () => {
  it.each(Object.keys(cases))('is what the library makes of it: %s', async (name) => {
    const preprocessing = read(cases[name]!);
    for (const picture of PICTURES) {
      const found = await loadForEvaluation(join(FOLDER, `${picture}.png`), preprocessing);
      // No level is rounded otherwise: what is left are float32's last digits.
      expect(worst(found, `${name}|${picture}`, preprocessing), picture).toBeLessThan(0.001);
    }
  });

  it.each(Object.keys(cases))('is the same after our own file has kept it: %s', async (name) => {
    const preprocessing = read(cases[name]!);
    const kept = preprocessingFromJson(preprocessingToJson(preprocessing), 'p.json');
    for (const picture of PICTURES) {
      const path = join(FOLDER, `${picture}.png`);
      const found = await loadForEvaluation(path, kept);
      expect(difference(found, await loadForEvaluation(path, preprocessing)).max).toBeLessThan(
        1e-6,
      );
    }
  });

  it('covers every filter, every mode and both orders of scaling', () => {
    const all = Object.values(cases).map(read);
    const values = (key: keyof Preprocessing) => new Set(all.map((p) => p[key])).size;
    expect(values('interpolation')).toBe(6);
    expect(values('cropMode')).toBe(3);
    expect(values('rescale')).toBe(2);
    expect(values('cropRounding')).toBe(2);
  });

  it('is cached under a name of its own wherever its pixels differ', () => {
    const byPixels = new Map<string, Set<string>>();
    for (const p of Object.values(cases).map(read)) {
      const colour = p.cropMode === 'border' ? borderColour(p) : null;
      const key = [p.interpolation, p.cropMode, resizedSide(p), p.cropRounding, p.rescale, colour];
      const rule = workingRule(p, null).name;
      byPixels.set(rule, (byPixels.get(rule) ?? new Set()).add(JSON.stringify(key)));
    }
    expect(byPixels.size).toBeGreaterThan(20);
    for (const [rule, keys] of byPixels) expect([...keys], rule).toHaveLength(1);
  });
});
