import { describe, expect, it } from 'vitest';
import { batchNoise, stepNoise } from '../../../main/engine/train/noise.ts';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Tensor } from '../../../main/graph/tensor.ts';
import { plainBuild } from '../../../main/networks/build.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import { configured, SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { evaluate } from '../graph/reference.ts';
import { allSettings } from '../../../shared/training/config.ts';

describe('dropout of LoRA', () => {
  const BATCH = 16;
  const config = configured({ method: 'lora', batchSize: BATCH, lora: { dropout: 0.3, rank: 1 } });
  const options = allSettings(config).lora;
  const tuner = tunerOf({ method: 'lora', options }, SMALLEST_VIT);
  const noise = stepNoise(adaptedModel({ architecture: SMALLEST_VIT, classes: 3, tuner }), config);
  /** 38 of 128. */
  const DROPPED = 0.296875;

  /**
   * The dropout mask of a Linear, rows by columns. Feeds ones and sets A = 1 for one column at a
   * time.
   */
  function kept(path: string, rows: number, columns: number, epoch: number): boolean[][] {
    const inputs = new Map(noise.map(({ name, shape }) => [name, g.input(name, shape)]));
    const a = g.input('a', [1, columns]);
    const zero = (shape: readonly number[]): Tensor => g.broadcastTo(g.scalar(0), shape);
    const param = (name: string): Tensor =>
      name.endsWith('lora_A.weight')
        ? a
        : name.endsWith('lora_B.weight')
          ? g.constant(Float32Array.of(1), [1, 1])
          : zero([1, columns]);
    const build = tuner.attach(plainBuild(param, { hasBias: () => false, layerNormEpsilon: 1 }), {
      training: true,
      noise: inputs,
    });
    const x = g.broadcastTo(g.scalar(1), [rows, columns]);
    const y = build.linear(path, x);
    const drawn = batchNoise(noise, config, epoch, 0);
    const byColumn = Array.from({ length: columns }, (_, column) => {
      const one = new Float32Array(columns);
      one[column] = 1;
      return evaluate([y], { ...drawn, a: one })[0]!;
    });
    const scale = options.alpha;
    for (const value of byColumn.flatMap((values) => [...values]))
      expect(value === 0 || Math.abs(value / scale - 1 / (1 - DROPPED)) < 1e-6).toBe(true);
    return Array.from({ length: rows }, (_, row) => byColumn.map((values) => values[row] !== 0));
  }

  const ROWS = BATCH * 5;
  const share = (rows: readonly boolean[][]): number =>
    rows.flat().filter(Boolean).length / rows.flat().length;

  it('drops so many inputs, others in each row, column, layer and step, and makes up for them', () => {
    const mask = kept('blocks.0.mlp.fc2', ROWS, 32, 0);
    // 2,560 elements: a standard deviation of 0.009.
    expect(Math.abs(share(mask) - (1 - DROPPED))).toBeLessThan(0.04);
    // Two rows or columns agree as often as by chance: 0.58, with a deviation of 0.01 over all
    // pairs.
    const agreeing = (lines: readonly boolean[][]): number =>
      lines
        .slice(1)
        .reduce(
          (sum, line, i) =>
            sum + line.filter((value, j) => value === lines[i]![j]).length / line.length,
          0,
        ) /
      (lines.length - 1);
    const byChance = DROPPED ** 2 + (1 - DROPPED) ** 2;
    expect(Math.abs(agreeing(mask) - byChance)).toBeLessThan(0.05);
    const columns = mask[0]!.map((_, column) => mask.map((row) => row[column]!));
    expect(Math.abs(agreeing(columns) - byChance)).toBeLessThan(0.05);
    expect(kept('blocks.1.mlp.fc2', ROWS, 32, 0)).not.toEqual(mask);
    expect(kept('blocks.0.mlp.fc2', ROWS, 32, 1)).not.toEqual(mask);
  });

  it('is none outside training', () => {
    const x = g.input('x', [2, 16]);
    const build = plainBuild((name) => g.input(name, [16, 16]), {
      ...{ hasBias: () => false, layerNormEpsilon: 1 },
    });
    const attached = tuner.attach(build, { training: false, noise: new Map() });
    const names = new Set<string>();
    const walk = (node: Tensor): void => {
      names.add(node.op);
      node.inputs.forEach(walk);
    };
    walk(attached.linear('blocks.0.attn.proj', x));
    expect(names.has('greaterEqual')).toBe(false);
  });
});
