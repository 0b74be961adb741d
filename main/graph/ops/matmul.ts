import { sameDim, type Dim } from '../dim.ts';
import { apply, FLOAT, float32, need, needType, type Operation, type Pair } from '../operation.ts';
import { sameShape, shapeText, type Shape, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export const MATMUL: Operation<'matmul', Attributes, Pair> = {
  name: 'matmul',
  infer([a, b], { transposeA, transposeB }) {
    needType('matmul', [a, b], FLOAT);
    const [rows, innerA] = lastTwo(a.shape, transposeA);
    const [innerB, columns] = lastTwo(b.shape, transposeB);
    const batch = a.shape.slice(0, -2);
    need(
      sameDim(innerA, innerB) && sameShape(batch, b.shape.slice(0, -2)),
      () => `matmul of ${shapeText(a.shape)} and ${shapeText(b.shape)}`,
    );
    return float32([...batch, rows, columns]);
  },
  gradient({ inputs: [a, b], attributes: { transposeA, transposeB } }, dy, g) {
    const da = transposeA
      ? g.matmul(b, dy, { transposeA: transposeB, transposeB: true })
      : g.matmul(dy, b, { transposeB: !transposeB });
    const db = transposeB
      ? g.matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : g.matmul(a, dy, { transposeA: !transposeA });
    return [da, db];
  },
};

/** Matrix product over the last two axes; leading axes are equal batch axes. */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: Partial<Attributes> = {},
): Tensor {
  return apply(MATMUL, [a, b], { transposeA, transposeB });
}

function lastTwo(shape: Shape, transposed: boolean): [Dim, Dim] {
  const rows = shape.at(-2);
  const columns = shape.at(-1);
  need(rows !== undefined && columns !== undefined, () => `matmul of ${shapeText(shape)}`);
  return transposed ? [columns, rows] : [rows, columns];
}
