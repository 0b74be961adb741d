import type { Precision } from '../../../shared/domain/export-target.ts';
import { isOpen } from '../../graph/dim.ts';
import { GraphError } from '../../graph/graph-error.ts';
import { legalise } from '../../graph/legalise.ts';
import type { Input } from '../../graph/ops/input.ts';
import type { ProgramFunction } from '../../graph/program.ts';
import { known } from '../../graph/registry.ts';
import { inTopologicalOrder, type DType, type Shape, type Tensor } from '../../graph/tensor.ts';
import type { ExportedModel } from '../exporter.ts';
import { hasLowering, lowerNode, type Emitter } from './nodes.ts';
import {
  attributeProto,
  DATA_TYPE,
  type Attribute,
  type DataType,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './schema.ts';
import { floatTensor, indexTensor, intTensor, isQuantised, quantised } from './weights.ts';

/** Name of the images, as many programs expect it. */
export const INPUT = 'pixel_values';
/** Name of the open side in inputs and outputs. */
const BATCH = 'batch';

/**
 * Writes a function of images as an ONNX graph, its variables as initializers. Input and outputs are
 * float32.
 */
export function onnxGraph(
  fn: ProgramFunction,
  model: Pick<ExportedModel, 'specs' | 'tensors'>,
  precision: Precision,
): ModelProto['graph'] {
  const roots = Object.values(fn.outputs);
  const legal = legalise(inTopologicalOrder(roots), (node) => hasLowering(node.op));
  const resolve = (tensor: Tensor): Tensor => legal.get(tensor) ?? tensor;
  const writer = new GraphWriter(fn, model, precision);
  for (const node of inTopologicalOrder(roots.map(resolve))) writer.write(node);
  return {
    name: 'classifier',
    input: fn.inputs.map(({ shape }) => valueInfo(INPUT, shape)),
    output: Object.entries(fn.outputs).map(([name, tensor]) => {
      writer.output(name, resolve(tensor));
      return valueInfo(name, tensor.shape);
    }),
    node: writer.nodes,
    initializer: writer.initializers,
  };
}

function valueInfo(name: string, shape: Shape): ValueInfoProto {
  const dim = shape.map((side) => (isOpen(side) ? { dimParam: BATCH } : { dimValue: side }));
  return { name, type: { tensorType: { elemType: DATA_TYPE.float32, shape: { dim } } } };
}

class GraphWriter implements Emitter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #fn: ProgramFunction;
  readonly #model: Pick<ExportedModel, 'specs' | 'tensors'>;
  readonly #precision: Precision;
  readonly #names = new Map<Tensor, string>();
  /** Initializers and computed shapes that several nodes read, by what they hold. */
  readonly #shared = new Map<string, string>();

  constructor(
    fn: ProgramFunction,
    model: Pick<ExportedModel, 'specs' | 'tensors'>,
    precision: Precision,
  ) {
    this.#fn = fn;
    this.#model = model;
    this.#precision = precision;
  }

  get #half(): boolean {
    return this.#precision === 'float16';
  }

  write(given: Tensor): void {
    this.#names.set(given, this.#written(given));
  }

  /** Gives a value the name of an output of the file. */
  output(name: string, tensor: Tensor): void {
    const value = this.#nameOf(tensor);
    const attribute = this.#half ? [attributeProto('to', DATA_TYPE.float32)] : [];
    const opType = this.#half ? 'Cast' : 'Identity';
    this.nodes.push({
      name: `${opType}_${name}`,
      opType,
      input: [value],
      output: [name],
      attribute,
    });
  }

  #written(given: Tensor): string {
    const node = known(given);
    switch (node.op) {
      case 'input':
        return this.#half ? this.emit('Cast', [INPUT], { to: this.typeOf(node.dtype) }) : INPUT;
      case 'variable':
        return this.#weight(node.attributes.name);
      case 'constant':
        return this.#constant(node.attributes.values, node.attributes.shape);
      default:
        return lowerNode(
          node,
          node.inputs.map((input) => this.#nameOf(input)),
          this,
        );
    }
  }

  #nameOf(tensor: Tensor): string {
    return this.#names.get(tensor) ?? '';
  }

  #weight(name: string): string {
    const spec = this.#model.specs.find((one) => one.name === name);
    const values = this.#model.tensors.get(name);
    if (spec === undefined || values === undefined)
      throw new GraphError(`the model has no tensor "${name}"`);
    if (!isQuantised(this.#precision, spec)) {
      this.initializers.push(floatTensor(name, spec.shape, values, this.#half));
      return name;
    }
    const { levels, scales } = quantised(name, spec.shape, values);
    this.initializers.push(levels, scales);
    return this.emit('DequantizeLinear', [levels.name, scales.name], { axis: 0 });
  }

  #constant(values: Float32Array | Int32Array, shape: readonly number[]): string {
    if (values.length === 1 && shape.length === 0 && values instanceof Float32Array)
      return this.scalar(values[0] ?? 0);
    const name = `constant_${String(this.initializers.length)}`;
    this.initializers.push(
      values instanceof Int32Array
        ? intTensor(name, shape, values)
        : floatTensor(name, shape, values, this.#half),
    );
    return name;
  }

  emit(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const name = `${opType}_${String(this.nodes.length)}`;
    this.nodes.push({
      name,
      opType,
      input: inputs,
      output: [name],
      attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
    });
    return name;
  }

  indices(values: readonly number[]): string {
    return this.#once(`indices_${values.join('_')}`, (name) => {
      this.initializers.push(indexTensor(name, values));
      return name;
    });
  }

  scalar(value: number): string {
    return this.#once(`scalar_${String(value)}`, (name) => {
      this.initializers.push(floatTensor(name, [], Float32Array.of(value), this.#half));
      return name;
    });
  }

  sides(shape: Shape): string {
    if (!shape.some(isOpen)) return this.indices(shape.map((side) => (isOpen(side) ? 0 : side)));
    const numbers = shape.map((side) => (isOpen(side) ? 0 : side));
    const batches = shape.map((side) => (isOpen(side) ? side.batches : 0));
    return this.#once(`sides_${[...numbers, ...batches].join('_')}`, () => {
      const open = this.emit('Mul', [this.indices(batches), this.#batchSize()]);
      return this.emit('Add', [this.indices(numbers), open]);
    });
  }

  typeOf(dtype: DType): DataType {
    return dtype === 'float32' && this.#half ? DATA_TYPE.float16 : DATA_TYPE[dtype];
  }

  #batchSize(): string {
    return this.#once('batch_size', () => {
      const [axis, batches] = openSide(this.#fn.inputs);
      const all = this.emit('Shape', [INPUT]);
      const side = this.emit('Slice', [all, this.indices([axis]), this.indices([axis + 1])]);
      return this.emit('Div', [side, this.indices([batches])]);
    });
  }

  #once(key: string, make: (name: string) => string): string {
    const made = this.#shared.get(key) ?? make(key);
    this.#shared.set(key, made);
    return made;
  }
}

/** The axis of the images that is open, and how many times the batch size it is. */
function openSide(inputs: readonly Input[]): [axis: number, batches: number] {
  for (const { shape } of inputs)
    for (const [axis, side] of shape.entries()) if (isOpen(side)) return [axis, side.batches];
  throw new GraphError('no input says how large the batch is');
}
