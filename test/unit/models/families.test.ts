import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { storedArchitecture } from '../../../main/formats/stored-architecture.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import {
  architectureSchema,
  atSize,
  familyOf,
  modelSpec,
  nearSize,
  parameterCount,
  withCurrentNames,
} from '../../../shared/models/registry.ts';
import { sizeOfShape } from '../../../shared/models/spec.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';

it('reads the width of the MLP under the name that it had in earlier files', () => {
  const { mlpDim, ...others } = SMALLEST_VIT;
  expect(withCurrentNames({ ...others, hidden: mlpDim })).toEqual(SMALLEST_VIT);
  const written = storedArchitecture.write(SMALLEST_VIT) as Record<string, unknown>;
  const { mlp_dim: width, ...json } = written;
  const read = v.parse(storedArchitecture.schema, { ...json, hidden: width });
  expect(read).toEqual(SMALLEST_VIT);
});

describe('the specification of the vision transformer', () => {
  const spec = familyOf(SMALLEST_VIT);
  const tensors = spec.tensors(SMALLEST_VIT, 5);

  it('names every tensor once, with a role, and the head last', () => {
    expect(new Set(tensors.map(({ name }) => name)).size).toBe(tensors.length);
    expect(tensors.slice(-2).map(({ name, role }) => [name, role])).toEqual([
      ['head.weight', 'head'],
      ['head.bias', 'head'],
    ]);
    const named = (role: string): string[] =>
      tensors.filter((t) => t.role === role).map(({ name }) => name);
    expect(named('embedding')).toEqual(['cls_token', 'pos_embed']);
    expect(named('norm').every((name) => /norm\d?\.weight$/.test(name))).toBe(true);
    expect(named('norm-bias').every((name) => /norm\d?\.bias$/.test(name))).toBe(true);
    expect(named('bias').every((name) => name.endsWith('.bias'))).toBe(true);
    expect(named('matrix').every((name) => name.endsWith('.weight'))).toBe(true);
  });

  it('has the tensors of every linear layer, in their shapes', () => {
    const byName = new Map(tensors.map((t) => [t.name, t]));
    const { linears, blocks } = modelSpec(SMALLEST_VIT);
    expect(linears).toHaveLength(4 * blocks);
    for (const { path, in: inner, out, parts, bias } of linears) {
      expect(byName.get(`${path}.weight`)).toMatchObject({ shape: [out, inner], parts });
      expect(byName.get(`${path}.bias`)?.shape).toEqual(bias ? [out] : undefined);
    }
    const weights = tensors.filter(({ parts }) => parts !== undefined).map(({ name }) => name);
    expect(weights).toEqual(linears.map(({ path }) => `${path}.weight`));
  });

  it('leaves the bias of q, k and v out where there is none', () => {
    const without = { ...SMALLEST_VIT, qkvBias: false };
    const names = spec.tensors(without, 0).map(({ name }) => name);
    expect(names).not.toContain('blocks.0.attn.qkv.bias');
    expect(spec.linears(without)[0]?.bias).toBe(false);
    const width = 3 * SMALLEST_VIT.width;
    expect(parameterCount(SMALLEST_VIT) - parameterCount(without)).toBe(width * SMALLEST_VIT.depth);
  });

  it('counts the tokens that its position embeddings are for', () => {
    const positions = tensors.find(({ grid }) => grid !== undefined);
    expect(sizeOfShape(positions?.shape ?? [])).toBe(
      modelSpec(SMALLEST_VIT).tokens * SMALLEST_VIT.width,
    );
  });
});

describe('an architecture', () => {
  const { patchSize } = SMALLEST_VIT;

  it('works at every side that its patches fit into', () => {
    expect(atSize(SMALLEST_VIT, 0)).toEqual(SMALLEST_VIT);
    expect(atSize(SMALLEST_VIT, 5 * patchSize).imageSize).toBe(5 * patchSize);
    expect(() => atSize(SMALLEST_VIT, 5 * patchSize + 1)).toThrow(KarstError);
    expect(nearSize(SMALLEST_VIT, 5 * patchSize + 1).imageSize).toBe(5 * patchSize);
    expect(nearSize(SMALLEST_VIT, 1).imageSize).toBe(patchSize);
  });

  it('is taken with every field within its limits, and no other', () => {
    const taken = (value: unknown): boolean => v.safeParse(architectureSchema, value).success;
    expect(taken(SMALLEST_VIT)).toBe(true);
    expect(taken({ ...SMALLEST_VIT, depth: 0 })).toBe(false);
    expect(taken({ ...SMALLEST_VIT, family: 'other' })).toBe(false);
    expect(taken({ ...SMALLEST_VIT, rotary: true })).toBe(false);
    const { heads, ...headless } = SMALLEST_VIT;
    expect(heads).toBeGreaterThan(0);
    expect(taken(headless)).toBe(false);
  });
});
