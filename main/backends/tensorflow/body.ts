import type { AttrValue, NodeDef } from '../../formats/saved-model.ts';
import { isOpen } from '../../graph/dim.ts';
import { GraphError } from '../../graph/graph-error.ts';
import type { Input } from '../../graph/ops/input.ts';
import { known, type NodeOf } from '../../graph/registry.ts';
import type { Shape, StaticShape, Tensor } from '../../graph/tensor.ts';
import { lowerCall } from './custom-calls.ts';
import type { LegalFunction } from './legal.ts';
import { constantNode, INDEX, lowerNode, typeAttribute, type Emitter } from './nodes.ts';

/** Supplies references to the inputs and variables of a function. */
export interface Sources {
  readonly input: (node: NodeOf<'input'>) => string;
  readonly variable: (node: NodeOf<'variable'>) => string;
}

/** Writes the nodes of a function and returns the reference to each tensor's value. */
export function writeBody(
  { order, calls }: LegalFunction,
  body: Body,
  sources: Sources,
): ReadonlyMap<Tensor, string> {
  const references = new Map<Tensor, string>();
  const nameOf = (tensor: Tensor): string => references.get(tensor) ?? '';
  const write = (given: Tensor): string => {
    const node = known(given);
    switch (node.op) {
      case 'input':
        return sources.input(node);
      case 'variable':
        return sources.variable(node);
      case 'constant':
        return body.constant(node.attributes.values, node.attributes.shape);
      default:
        return calls(node)
          ? lowerCall(node, nameOf, body)
          : lowerNode(node, node.inputs.map(nameOf), body);
    }
  };
  for (const node of order) references.set(node, write(node));
  return references;
}

/** Collects the nodes of a function body and deduplicates index vectors and shapes. */
export class Body implements Emitter {
  readonly nodes: NodeDef[] = [];
  readonly #indices = new Map<string, string>();
  readonly #sides = new Map<string, string>();
  readonly #inputs: ReadonlyMap<Input, string>;
  #batch: string | undefined;

  /** @param inputs inputs of the function, with their argument names */
  constructor(inputs: ReadonlyMap<Input, string>) {
    this.#inputs = inputs;
  }

  emit(
    op: string,
    inputs: readonly string[],
    attr: Record<string, AttrValue>,
    output: string,
  ): string {
    const name = `${op}_${String(this.nodes.length)}`;
    this.nodes.push({ name, op, input: inputs, attr });
    return `${name}:${output}:0`;
  }

  indices(values: readonly number[]): string {
    const key = values.join();
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const made = this.constant(Int32Array.from(values), [values.length]);
    this.#indices.set(key, made);
    return made;
  }

  sides(shape: Shape): string {
    const numbers = shape.map((side) => (isOpen(side) ? 0 : side));
    const batches = shape.map((side) => (isOpen(side) ? side.batches : 0));
    if (!shape.some(isOpen)) return this.indices(numbers);
    const key = batches.concat(numbers).join();
    const known = this.#sides.get(key);
    if (known !== undefined) return known;
    this.#batch ??= this.#batchSize();
    const open = this.emit('Mul', [this.indices(batches), this.#batch], { T: INDEX }, 'z');
    const made = this.emit('AddV2', [this.indices(numbers), open], { T: INDEX }, 'z');
    this.#sides.set(key, made);
    return made;
  }

  /**
   * Reads the batch size from the first input with an open batch; an int32 vector of one element.
   */
  #batchSize(): string {
    for (const [input, argument] of this.#inputs) {
      const axis = input.shape.findIndex(isOpen);
      const side = input.shape[axis];
      if (side === undefined || !isOpen(side)) continue;
      const T = typeAttribute(input.dtype);
      const shape = this.emit('Shape', [argument], { T, out_type: INDEX }, 'output');
      const [begin, one] = [this.indices([axis]), this.indices([1])];
      const size = this.emit('Slice', [shape, begin, one], { T: INDEX, Index: INDEX }, 'output');
      return this.emit('FloorDiv', [size, this.indices([side.batches])], { T: INDEX }, 'z');
    }
    throw new GraphError('no input says how large the batch is');
  }

  constant(values: Float32Array | Int32Array, shape: StaticShape): string {
    const name = `Const_${String(this.nodes.length)}`;
    this.nodes.push(constantNode(name, values, shape));
    return `${name}:output:0`;
  }
}
