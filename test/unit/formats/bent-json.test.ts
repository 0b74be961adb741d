import { describe, expect, it } from 'vitest';
import {
  adapterConfigFromJson,
  adapterConfigToJson,
  labelsFromJson,
} from '../../../main/formats/adapter-config.ts';
import { adapterCard } from '../../../main/formats/model-card.ts';
import {
  preprocessingFromJson,
  preprocessingToJson,
} from '../../../main/formats/preprocessor-config.ts';
import { parseHeader } from '../../../main/formats/safetensors-header.ts';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import { readMetadata } from '../../../main/formats/checkpoints/configs/timm.ts';
import { translateNames } from '../../../main/formats/checkpoints/translate.ts';
import { timmConfigOf } from '../../../main/exports/timm/config.ts';
import { recogniseBackbone } from '../../../main/formats/checkpoints/registry.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import { METHOD_NAMES, type Method } from '../../../shared/methods/registry.ts';
import { ARCHITECTURE, PREPROCESSING } from '../host/support.ts';
import { completeConfig } from '../../../shared/training/config.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/**
 * Every kind of value as JSON text, including the key `__proto__` and 1e999, which overflows to
 * Infinity.
 */
const BENT: readonly string[] = [
  ...['null', 'true', 'false', '0', '-1', '1.5', '1e300', '-1e300', '1e999', '1e-320'],
  ...['9007199254740993', '4294967296', '""', '"text"', '"__proto__"', '"toString"', '"\\u0000"'],
  ...['[]', '[null]', '["a","a"]', '[1,2,3]', '{}', '{"a":1}'],
  ...['{"toString":1,"valueOf":{}}', '{"__proto__":{"x":1},"constructor":null,"length":3}'],
  ...[deep(500), `{"a":${deep(20_000)}}`],
];
const HOLE = '"@@hole@@"';

/** Paths of all positions in a value, starting with the value itself. */
function placesOf(value: Json, at: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [at];
  const keys = Object.entries(value);
  return [at, ...keys.flatMap(([key, inner]) => placesOf(inner, [...at, key]))];
}

function replaced(value: Json, [key, ...rest]: readonly string[]): Json {
  if (key === undefined) return '@@hole@@';
  if (Array.isArray(value)) return value.map((x, i) => (String(i) === key ? replaced(x, rest) : x));
  if (value === null || typeof value !== 'object') throw new Error('no such place');
  return { ...value, [key]: replaced(value[key] ?? null, rest) };
}

/**
 * Mutated texts of a value: each position replaced by each malformed value, one key removed, one
 * key added.
 */
function* bends(valid: Json): Generator<{ text: string; what: string }> {
  for (const place of placesOf(valid)) {
    const [before = '', after = ''] = JSON.stringify(replaced(valid, place)).split(HOLE);
    for (const bent of BENT)
      yield { text: before + bent + after, what: `${place.join('.')} = ${bent.slice(0, 40)}` };
  }
  if (valid === null || typeof valid !== 'object' || Array.isArray(valid)) return;
  for (const key of Object.keys(valid)) {
    const rest = Object.entries(valid).filter(([name]) => name !== key);
    yield { text: JSON.stringify(Object.fromEntries(rest)), what: `without ${key}` };
  }
  yield { text: JSON.stringify({ ...valid, constructor: 1 }), what: 'with constructor' };
}

/**
 * @returns the number of refused mutations; each must be a KarstError whose message names the file
 */
function refusals(valid: Json, read: (text: string, path: string) => unknown): number {
  expect(() => read(JSON.stringify(valid), '/a/file')).not.toThrow();
  let refused = 0;
  for (const { text, what } of bends(valid)) {
    try {
      read(text, '/a/file');
    } catch (error) {
      if (!(error instanceof KarstError))
        throw new Error(`${what}: ${String(error)}`, { cause: error });
      expect(error.code, what).not.toBe('internal');
      expect(error.message, what).toContain('/a/file');
      expect(error.message.length, what).toBeLessThan(1500);
      expect(error.hint, what).toBeTruthy();
      refused++;
    }
  }
  return refused;
}

const adapterConfig = (method: Method): Json =>
  adapterConfigToJson({
    ...completeConfig({ method }).tuning,
    task: 'single-label',
    backboneName: 'b',
    backboneSha256: 'a'.repeat(64),
    architecture: ARCHITECTURE,
    parent: null,
    training: {
      ...{
        runId: 'run-1',
        runName: 'r',
        finishedAt: '2026-01-01',
        seed: 1,
        epochs: 2,
        bestEpoch: 1,
      },
      ...{ steps: 3, seconds: 4, batchSize: 5, learningRate: 0.1, weightDecay: 0, trainImages: 6 },
      ...{ valImages: 7, valTop1: 0.5, valLoss: 0.25 },
    },
  }) as Json;

describe('no value of the wrong kind is more than a refusal', () => {
  it.each(METHOD_NAMES)('in the adapter_config.json of %s', (method) => {
    const refused = refusals(adapterConfig(method), (text, path) => {
      const config = adapterConfigFromJson(JSON.parse(text), path);
      // An accepted config is complete: it can be serialised and rendered as a card.
      adapterConfigToJson(config);
      adapterCard('a', config, PREPROCESSING, ['x']);
    });
    expect(refused).toBeGreaterThan(500);
  });

  it('in preprocessor_config.json', () => {
    const refused = refusals(preprocessingToJson(PREPROCESSING) as Json, (text, path) => {
      const p = preprocessingFromJson(JSON.parse(text), path);
      preprocessingToJson(p);
      for (const x of [...p.mean, ...p.std, p.cropFraction]) expect(Number.isFinite(x)).toBe(true);
      for (const x of p.std) expect(1 / x).toBeLessThan(2e6);
    });
    expect(refused).toBeGreaterThan(200);
  });

  it('in labels.json', () => {
    expect(
      refusals(['a', 'b'], (text, path) => labelsFromJson(JSON.parse(text), path)),
    ).toBeGreaterThan(40);
  });

  const names = translateNames(
    '/a/file',
    new Map(
      [...tensorShapes(ARCHITECTURE)].map(([name, shape]) => [name, { dtype: 'F32', shape }]),
    ),
  );

  it("in timm's config.json, with the model that it describes", () => {
    const refused = refusals(
      timmConfigOf(ARCHITECTURE, PREPROCESSING, ['a', 'b', 'c', 'd', 'e']) as Json,
      (text, path) => {
        const config = parseModelConfig(JSON.parse(text), path);
        const { preprocessing: p } = recogniseBackbone(path, names, {
          config,
          option: { heads: 3 },
        });
        preprocessingToJson(p);
      },
    );
    expect(refused).toBeGreaterThan(150);
  });

  it("in a weight file's metadata, where all values are texts", () => {
    const read = (key: string, text: string): void => {
      const metadata = readMetadata(new Map([[key, text]]), '/a/file');
      recogniseBackbone('/a/file', names, { metadata, config: null });
    };
    for (const key of ['architecture', 'num_heads', 'pretrained_cfg'])
      for (const text of [...BENT, '{"crop_pct":', 'NaN', ' ']) {
        try {
          read(key, text);
        } catch (error) {
          expect(error, `${key} = ${text.slice(0, 40)}`).toBeInstanceOf(KarstError);
          expect((error as KarstError).code).not.toBe('internal');
        }
      }
  });

  it("in a weight file's header", () => {
    const header: Json = {
      __metadata__: { format: 'pt' },
      a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      b: { dtype: 'BF16', shape: [], data_offsets: [24, 26] },
    };
    expect(
      refusals(header, (text, path) => parseHeader(new TextEncoder().encode(text), 26, path)),
    ).toBeGreaterThan(250);
  });
});
