import { gradients } from '../../../main/graph/differentiate.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Session } from '../../../main/backends/session.ts';
import type { ProgramFunction, Values } from '../../../main/graph/program.ts';
import type { Input } from '../../../main/graph/ops/input.ts';
import type { Variable } from '../../../main/graph/ops/variable.ts';
import type { OpName } from '../../../main/graph/registry.ts';
import {
  inTopologicalOrder,
  sizeOf,
  staticShape,
  type Tensor,
} from '../../../main/graph/tensor.ts';
import { randomStream, type RandomStream } from '../../../main/engine/random.ts';
import { ROWS } from './operation-rows.ts';
import type { Operand, Row } from './row.ts';
import { evaluate } from './reference.ts';
import { writeOne } from '../../fixtures/engine/variables.ts';

/** A row instantiated: operands with values, a scalar loss of the result, and its gradients. */
export interface Case {
  readonly title: string;
  readonly inputs: readonly Input[];
  readonly variables: readonly Variable[];
  readonly given: Readonly<Record<string, Values>>;
  readonly result: Tensor;
  readonly loss: Tensor;
  /** Float operands and the loss gradient of each; empty for forward-only rows. */
  readonly targets: readonly (Input | Variable)[];
  readonly gradients: readonly Tensor[];
}

export function casesOf(op: OpName): Case[] {
  return ROWS[op].map((row, index) => makeCase(op, row, index));
}

function makeCase(op: OpName, row: Row, index: number): Case {
  const stream = randomStream(1, op, index);
  // Every second row passes its float operands as variables.
  const asVariables = op === 'variable' || (op !== 'input' && index % 2 === 1);
  const operands = row.operands.map(({ shape, dtype }, i) => {
    const name = `${op}_${String(index)}_${String(i)}`;
    return asVariables && dtype === 'float32'
      ? g.variable(name, shape)
      : g.input(name, shape, dtype);
  });
  const given = Object.fromEntries(
    row.operands.map((operand, i) => [operands[i]?.attributes.name ?? '', draw(operand, stream)]),
  );
  const result = row.build(operands);
  const loss = weighted(result, stream);
  const targets = row.forwardOnly === true ? [] : operands.filter((o) => o.dtype === 'float32');
  return {
    title: row.title,
    inputs: operands.filter((o) => o.op === 'input'),
    variables: operands.filter((o) => o.op === 'variable'),
    given,
    result,
    loss,
    targets,
    gradients: gradients(loss, targets),
  };
}

export function draw({ shape, dtype, from, to }: Operand, stream: RandomStream): Values {
  const length = sizeOf(shape);
  if (dtype === 'float32') {
    return Float32Array.from({ length }, () => from + (to - from) * stream.uniform());
  }
  return Int32Array.from({ length }, () => from + stream.integer(to - from));
}

/** Σ wᵢ xᵢ with random weights, so that every gradient element counts and all differ. */
export function weighted(x: Tensor, stream: RandomStream): Tensor {
  const weights = Float32Array.from(
    { length: sizeOf(staticShape(x.shape)) },
    () => 0.5 + stream.uniform(),
  );
  return g.sumAll(g.mul(g.cast(x, 'float32'), g.constant(weights, staticShape(x.shape))));
}

/** Combines result and gradients of a case into one function. */
export function functionOf(c: Case): ProgramFunction {
  const entries = c.gradients.map((gradient, i) => [`gradient${String(i)}`, gradient] as const);
  return {
    inputs: c.inputs,
    outputs: { result: c.result, ...Object.fromEntries(entries) },
    updates: [],
  };
}

/** Feeds a case to a session and runs its function. */
export async function runCase(
  session: Session,
  name: string,
  c: Case,
): Promise<Record<string, Float32Array>> {
  for (const { attributes } of c.variables) {
    await writeOne(session, attributes.name, c.given[attributes.name] as Float32Array);
  }
  const fed = c.inputs.map((i) => [i.attributes.name, c.given[i.attributes.name] ?? []] as const);
  return await session.run(name, Object.fromEntries(fed) as Record<string, Values>);
}

/**
 * Central finite differences of a scalar with respect to one operand, by the float64 reference.
 * Values under stopGradient are held constant.
 */
export function finiteDifferences(
  loss: Tensor,
  given: Readonly<Record<string, ArrayLike<number>>>,
  name: string,
  step = 1e-5,
): Float64Array {
  const value = movable(loss, given);
  const at = Float64Array.from(given[name] ?? []);
  const moved = (index: number, by: number): number => {
    const shifted = at.slice();
    shifted[index] = (shifted[index] ?? NaN) + by;
    return value({ ...given, [name]: shifted });
  };
  return at.map((_, index) => (moved(index, step) - moved(index, -step)) / (2 * step));
}

/** The derivative along one direction, given as a displacement per operand name. */
export function directionalDifference(
  loss: Tensor,
  given: Readonly<Record<string, ArrayLike<number>>>,
  direction: ReadonlyMap<string, ArrayLike<number>>,
  step = 1e-5,
): number {
  const value = movable(loss, given);
  const moved = (by: number): number =>
    value({
      ...given,
      ...Object.fromEntries(
        [...direction].map(([name, along]) => [
          name,
          Float64Array.from(given[name] ?? [], (x, i) => x + by * (along[i] ?? NaN)),
        ]),
      ),
    });
  return (moved(step) - moved(-step)) / (2 * step);
}

/**
 * A scalar as a function of its operands. Values under stopGradient are held at those for `given`.
 */
function movable(
  loss: Tensor,
  given: Readonly<Record<string, ArrayLike<number>>>,
): (operands: Readonly<Record<string, ArrayLike<number>>>) => number {
  const spelled = spelledOut(loss);
  const stopped = inTopologicalOrder([spelled]).filter((node) => node.op === 'stopGradient');
  const values = evaluate(stopped, given);
  const held = new Map(stopped.map((node, i) => [node, values[i] ?? new Float64Array()]));
  return (operands) => evaluate([spelled], operands, held)[0]?.[0] ?? NaN;
}

/** Replaces every customVjp(value, via) by its definition: value + (via − via held constant). */
function spelledOut(loss: Tensor): Tensor {
  const spelled = new Map<Tensor, Tensor>();
  for (const node of inTopologicalOrder([loss])) {
    const inputs = node.inputs.map((x) => spelled.get(x) ?? x);
    const [value, via] = inputs;
    const whole = node.op === 'customVjp' && value !== undefined && via !== undefined;
    const rebuilt = { ...node, inputs } as Tensor;
    spelled.set(
      node,
      whole
        ? g.add(value, g.sub(via, g.stopGradient(via)))
        : node.inputs.length === 0
          ? node
          : rebuilt,
    );
  }
  return spelled.get(loss) ?? loss;
}

/** The largest |a − b| / max(1, |b|); Infinity for different lengths or non-finite values. */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a = NaN, b = NaN] = [actual[i], expected[i]];
    const difference = Math.abs(a - b) / Math.max(1, Math.abs(b));
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
