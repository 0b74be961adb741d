import { GraphError } from '../../graph/graph-error.ts';
import { known } from '../../graph/registry.ts';
import { sizeOf, staticShape, type DType, type Tensor } from '../../graph/tensor.ts';
import { plus, u32, type Block } from './block.ts';
import { isArithmetic } from './classes.ts';
import { Element } from './element.ts';
import { literalOf, type Kernel } from './fusion.ts';
import { f32, type Shader } from './shader.ts';
import { sizeOfTensor, type Storage } from './storage.ts';

/** The result of the kernel's own operation at the element that is written. */
interface Result {
  readonly anchor: Tensor;
  readonly name: string;
}

/** Writes the value of one element of a tensor as statements of a function. */
export class Expressions {
  readonly #kernel: Kernel;
  readonly #storage: Storage;
  readonly #shader: Shader;
  readonly #block: Block;
  readonly #result: Result | null;

  constructor(
    kernel: Kernel,
    storage: Storage,
    shader: Shader,
    block: Block,
    result: Result | null = null,
  ) {
    this.#kernel = kernel;
    this.#storage = storage;
    this.#shader = shader;
    this.#block = block;
    this.#result = result;
  }

  /** The element's value, of type f32, i32 or bool. */
  value(node: Tensor, element: Element): string {
    if (this.#result?.anchor === node) return this.#result.name;
    const literal = literalOf(node);
    if (literal !== null) return literalText(literal, node.dtype);
    // What the kernel itself computes is not read from memory.
    const own = this.#kernel.outputs.includes(node);
    const place = own ? null : this.#storage.find(node);
    if (place === null) return this.computed(node, element);
    const size = sizeOfTensor(node);
    const number = element.number(this.#block);
    const read = this.#shader.element(place, size, node.dtype, number, this.#block);
    return this.#block.let(node.dtype === 'bool' ? `(${read} != 0u)` : read);
  }

  /** Computes an element of a node from its inputs. */
  computed(given: Tensor, element: Element): string {
    const node = known(given);
    const block = this.#block;
    const [x] = given.inputs;
    if (x === undefined) throw new GraphError(`"${given.op}" has no expression`);
    const shape = staticShape(x.shape);
    if (isArithmetic(node)) {
      const operands = given.inputs.map((input) =>
        this.value(input, element.broadcastFrom(block, staticShape(input.shape))),
      );
      return block.let(this.#arithmetic(given, operands));
    }
    switch (node.op) {
      case 'reshape':
        return this.value(x, element.reshaped(block, shape));
      case 'broadcastTo':
        return this.value(x, element.broadcastFrom(block, shape));
      case 'transpose': {
        const { permutation } = node.attributes;
        const from = element.coordinates(block);
        const coordinates = shape.map((_, axis) => from[permutation.indexOf(axis)] ?? u32(0));
        return this.value(x, Element.at(shape, coordinates));
      }
      case 'slice': {
        const { begin } = node.attributes;
        const coordinates = element
          .coordinates(block)
          .map((one, axis) => block.let(plus(one, u32(begin[axis] ?? 0))));
        return this.value(x, Element.at(shape, coordinates));
      }
      case 'pad':
        return this.#padded(x, element, node.attributes.before);
      case 'concat':
        return this.#joined(given.inputs, element, node.attributes.axis);
      case 'gather': {
        const indices = staticShape(node.inputs[1].shape);
        const coordinates = element.coordinates(block);
        const at = Element.at(indices, coordinates.slice(0, indices.length));
        const row = block.let(`u32(${this.value(node.inputs[1], at)})`);
        return this.value(x, Element.at(shape, [row, ...coordinates.slice(indices.length)]));
      }
      default:
        throw new GraphError(`"${node.op}" has no expression`);
    }
  }

  /** Reads outside are moved inside, as an expression is computed whether it is chosen or not. */
  #padded(x: Tensor, element: Element, before: readonly number[]): string {
    const block = this.#block;
    const shape = staticShape(x.shape);
    const zero = zeroOf(x.dtype);
    if (sizeOf(shape) === 0) return zero;
    const conditions: string[] = [];
    const coordinates = element.coordinates(block).map((one, axis) => {
      const [side = 0, first = 0] = [shape[axis], before[axis]];
      const whole = element.shape[axis] === side;
      if (whole) return one;
      if (first > 0) conditions.push(`${one} >= ${u32(first)}`);
      if (first + side < (element.shape[axis] ?? 0))
        conditions.push(`${one} < ${u32(first + side)}`);
      const inside = block.let(`clamp(${one}, ${u32(first)}, ${u32(first + side - 1)})`);
      return first === 0 ? inside : block.let(`(${inside} - ${u32(first)})`);
    });
    const value = this.value(x, Element.at(shape, coordinates));
    return block.let(`select(${zero}, ${value}, ${conditions.join(' && ') || 'true'})`);
  }

  #joined(parts: readonly Tensor[], element: Element, axis: number): string {
    const block = this.#block;
    const coordinates = element.coordinates(block);
    const along = coordinates[axis] ?? u32(0);
    let joined: string | null = null;
    let first = 0;
    for (const part of parts) {
      const shape = staticShape(part.shape);
      const side = shape[axis] ?? 0;
      if (sizeOf(shape) === 0) continue;
      const inside = block.let(`clamp(${along}, ${u32(first)}, ${u32(first + side - 1)})`);
      const own = first === 0 ? inside : block.let(`(${inside} - ${u32(first)})`);
      const moved = coordinates.map((one, i) => (i === axis ? own : one));
      const value = this.value(part, Element.at(shape, moved));
      joined =
        joined === null
          ? value
          : block.let(`select(${joined}, ${value}, ${along} >= ${u32(first)})`);
      first += side;
    }
    return joined ?? zeroOf(parts[0]?.dtype ?? 'float32');
  }

  #arithmetic(node: Tensor, [a = '', b = '', c = '']: readonly string[]): string {
    switch (node.op) {
      case 'add':
        return `(${a} + ${b})`;
      case 'sub':
        return `(${a} - ${b})`;
      case 'mul':
        return `(${a} * ${b})`;
      case 'div':
        return `(${a} / ${b})`;
      case 'maximum':
        return `max(${a}, ${b})`;
      case 'minimum':
        return `min(${a}, ${b})`;
      case 'greaterEqual':
        return `(${a} >= ${b})`;
      case 'select':
        return `select(${c}, ${b}, ${a})`;
      case 'neg':
        return `(-${a})`;
      case 'exp':
        return `exp(${a})`;
      case 'log':
        return `log(${a})`;
      case 'sqrt':
        return `sqrt(${a})`;
      case 'rsqrt':
        return `inverseSqrt(${a})`;
      case 'tanh':
        // Beyond, tanh is ±1 in float32, and some devices compute it from powers that overflow.
        return `tanh(clamp(${a}, -10f, 10f))`;
      case 'sigmoid':
        return `(1f / (1f + exp(clamp(-${a}, -88f, 88f))))`;
      case 'erf':
        this.#shader.use('erf');
        return `erf_of(${a})`;
      case 'gelu':
        this.#shader.use('erf');
        this.#shader.use('gelu');
        return `gelu_of(${a})`;
      case 'geluGradient':
        this.#shader.use('erf');
        this.#shader.use('geluGradient');
        return `gelu_gradient_of(${a}, ${b})`;
      case 'cast':
        return castText(a, node.inputs[0]?.dtype ?? 'float32', node.dtype);
      case 'stopGradient':
        return a;
      default:
        throw new GraphError(`"${node.op}" has no expression`);
    }
  }
}

function castText(x: string, from: DType, to: DType): string {
  if (to === 'bool') return `(${x} != ${zeroOf(from)})`;
  if (from === 'bool') return to === 'float32' ? `select(0f, 1f, ${x})` : `select(0i, 1i, ${x})`;
  return to === 'float32' ? `f32(${x})` : `i32(${x})`;
}

export function zeroOf(dtype: DType): string {
  return { float32: '0f', int32: '0i', bool: 'false' }[dtype];
}

function literalText(value: number, dtype: DType): string {
  if (dtype === 'float32') return f32(value);
  if (dtype === 'bool') return String(value !== 0);
  return value < 0 ? `(${String(value)}i)` : `${String(value)}i`;
}
