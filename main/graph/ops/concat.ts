import { plus, sameDim, staticDim } from '../dim.ts';
import { apply, need, needType, NUMBER, type Operation } from '../operation.ts';
import { shapeText, type Tensor } from '../tensor.ts';

interface Attributes {
  readonly axis: number;
}

export const CONCAT: Operation<'concat', Attributes, readonly Tensor[]> = {
  name: 'concat',
  infer(parts, { axis }) {
    const [first] = parts;
    need(first !== undefined, () => 'concat of nothing');
    need(
      axis in first.shape,
      () => `concat along axis ${String(axis)} of ${shapeText(first.shape)}`,
    );
    needType('concat', parts, NUMBER);
    const total = parts.map((part) => part.shape[axis] ?? 0).reduce(plus);
    need(
      parts.every(
        (p) =>
          p.shape.length === first.shape.length &&
          p.shape.every((side, i) => i === axis || sameDim(side, first.shape[i] ?? 0)),
      ),
      () => `concat of ${parts.map((p) => shapeText(p.shape)).join(' ')} along ${String(axis)}`,
    );
    const shape = first.shape.map((side, i) => (i === axis ? total : side));
    return { shape, dtype: first.dtype };
  },
  gradient({ inputs, attributes: { axis } }, dy, g) {
    let offset = 0;
    return inputs.map((part) => {
      const begin = part.shape.map((_, i) => (i === axis ? offset : 0));
      offset += staticDim(part.shape[axis] ?? 0);
      return g.slice(dy, begin, part.shape);
    });
  },
};

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const joined = apply(CONCAT, parts, { axis });
  return parts.length === 1 ? (parts[0] ?? joined) : joined;
}
