import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import * as g from '../../../main/graph/operations.ts';
import type { Program } from '../../../main/graph/program.ts';
import { lowerProgram } from '../../../main/backends/tensorflow/session-graph.ts';
import { openRuntime } from '../../../main/engine/runtime/open-runtime.ts';
import { runCommand } from '../../../main/setup/command.mjs';
import { xlaCacheFlag } from '../../../main/platform/engine-environment.mjs';
import type { MatmulPrecision } from '../../../shared/domain/training.ts';
import { HAS_KERNELS } from './programs.ts';

interface Form {
  readonly batch: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

function productProgram(form: Form, matmulPrecision: MatmulPrecision): Program {
  const { batch, rows, columns, depth, transposeA = false, transposeB = false } = form;
  const a = g.input('a', [...batch, ...(transposeA ? [depth, rows] : [rows, depth])]);
  const b = g.input('b', [...batch, ...(transposeB ? [columns, depth] : [depth, columns])]);
  const y = g.matmul(a, b, { transposeA, transposeB });
  const multiply = { inputs: [a, b], outputs: { y }, updates: [], matmulPrecision };
  return { variables: [], functions: { multiply } };
}

const operations = (program: Program, kernels: boolean): string[] =>
  lowerProgram(program, { kernels }).functions[0]?.nodeDef.map((node) => node.op) ?? [];

const LARGE: Form = { batch: [], rows: 256, columns: 64, depth: 128 };

describe('the lowering of products', () => {
  it('splits large ones where that is asked for and can be had', () => {
    expect(operations(productProgram(LARGE, 'high'), true)).toContain('XlaCustomCallV2');
    expect(operations(productProgram(LARGE, 'high'), false)).toContain('MatMul');
    expect(operations(productProgram(LARGE, 'highest'), true)).toContain('MatMul');
  });

  it.each<[string, Form]>([
    ['of few columns', { ...LARGE, columns: 8 }],
    ['of little depth', { ...LARGE, depth: 16, rows: 4096 }],
    ['of little work', { ...LARGE, rows: 32 }],
  ])('leaves those %s to XLA', (_, form) => {
    expect(operations(productProgram(form, 'high'), true)).not.toContain('XlaCustomCallV2');
  });
});

function random(size: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    // Magnitudes across several powers of two, with both signs.
    return (state / 2 ** 31) * 2 ** (((state >>> 8) % 9) - 4);
  });
}

/** The product in double precision, and Σ |a| |b|, relative to which the error is measured. */
function exact(form: Form, a: Float32Array, b: Float32Array): { y: number; size: number }[] {
  const { rows, columns, depth, transposeA = false, transposeB = false } = form;
  const count = form.batch.reduce((x, y) => x * y, 1);
  const at = (i: number, j: number, k: number, row: number): [number, number] => [
    a[i * rows * depth + (transposeA ? k * rows + row : row * depth + k)] ?? NaN,
    b[i * depth * columns + (transposeB ? j * depth + k : k * columns + j)] ?? NaN,
  ];
  return Array.from({ length: count * rows * columns }, (_, index) => {
    const j = index % columns;
    const row = Math.floor(index / columns) % rows;
    const i = Math.floor(index / columns / rows);
    let y = 0;
    let size = 0;
    for (let k = 0; k < depth; k++) {
      const [left, right] = at(i, j, k, row);
      y += left * right;
      size += Math.abs(left * right);
    }
    return { y, size };
  });
}

describe.runIf(HAS_KERNELS)('the product in a kernel', () => {
  const transposed = [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({ transposeA, transposeB })),
  );
  const sizes: Form[] = [
    { batch: [], rows: 128, columns: 96, depth: 96 },
    // Deep enough for threads to split the depth.
    { batch: [], rows: 197, columns: 45, depth: 1101 },
    { batch: [], rows: 40, columns: 72, depth: 5000 },
    // Deeper than one block along the depth.
    { batch: [2], rows: 40, columns: 45, depth: 1101 },
    // A result too large for the caches.
    { batch: [], rows: 1100, columns: 256, depth: 40 },
    { batch: [], rows: 17, columns: 1000, depth: 77 },
    { batch: [3, 5], rows: 65, columns: 33, depth: 67 },
  ];
  const forms = sizes.flatMap((size) => transposed.map((t): Form => ({ ...size, ...t })));

  it.each(forms)('is within 3 · 2⁻¹⁶ of the exact one: %o', async (form) => {
    const count = form.batch.reduce((x, y) => x * y, 1);
    const a = random(count * form.rows * form.depth, 1);
    const b = random(count * form.depth * form.columns, 2);
    const program = productProgram(form, 'high');
    expect(operations(program, true)).toContain('XlaCustomCallV2');
    const session = (await openRuntime()).open(program);
    try {
      const y = (await session.run('multiply', { a, b }))['y'] ?? new Float32Array();
      const errors = exact(form, a, b).map((e, i) => Math.abs((y[i] ?? NaN) - e.y) / e.size);
      expect(errors.reduce((most, error) => Math.max(most, error))).toBeLessThan(3 * 2 ** -16);
    } finally {
      await session.dispose();
    }
  });

  it('comes to the same bits every time', async () => {
    const form: Form = { batch: [], rows: 500, columns: 200, depth: 300 };
    const session = (await openRuntime()).open(productProgram(form, 'high'));
    try {
      const inputs = { a: random(500 * 300, 3), b: random(300 * 200, 4) };
      const first = (await session.run('multiply', inputs))['y'];
      for (let i = 0; i < 5; i++)
        expect((await session.run('multiply', inputs))['y']).toEqual(first);
    } finally {
      await session.dispose();
    }
  });
});

describe.runIf(HAS_KERNELS)('a compiled program with products in kernels', () => {
  const folder = mkdtempSync(join(tmpdir(), 'karst-products-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('comes to the same when another process takes it from the cache', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const script = join(folder, 'chain.ts');
    // Several calls, whose results may be passed on in different ways.
    writeFileSync(
      script,
      `import * as g from '${root}main/graph/operations.ts';
import { openRuntime } from '${root}main/engine/runtime/open-runtime.ts';
const x = g.input('x', [256, 192]);
let y = x;
const weights = Array.from({ length: 12 }, (_, i) => g.variable('w' + i, [192, 192]));
for (const w of weights) y = g.softmax(g.matmul(y, w));
const z = g.sum(g.mul(y, x), [0]);
const program = { variables: weights, functions: { f: { inputs: [x], outputs: { z }, updates: [], matmulPrecision: 'high' } } };
const session = (await openRuntime()).open(program);
const values = (size, step) => Float32Array.from({ length: size }, (_, i) => Math.sin(i * step));
await session.write(new Map(weights.map((w, i) => [w.attributes.name, values(192 * 192, 1 + i)])));
const { z: found } = await session.run('f', { x: values(256 * 192, 0.5) });
console.log(found.join());
`,
    );
    const env = {
      ...process.env,
      TF_XLA_FLAGS: xlaCacheFlag(join(folder, 'xla')),
    };
    const outputs: string[] = [];
    for (let run = 0; run < 3; run++) {
      const { code, output } = await runCommand(process.execPath, [script], { env });
      expect(code, output).toBe(0);
      outputs.push(output.trim().split('\n').at(-1) ?? '');
    }
    expect(outputs[0]?.split(',')).toHaveLength(192);
    expect(new Set(outputs).size).toBe(1);
  });
});
