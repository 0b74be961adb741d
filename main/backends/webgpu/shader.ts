import { staticShape, type DType, type Tensor } from '../../graph/tensor.ts';
import { plus, u32, type Block } from './block.ts';
import { HELPERS, type Helper } from './helpers.ts';
import { ELEMENT_TYPES, type Place, type Value } from './storage.ts';

export type Access = 'read' | 'read_write';

/** A range of a value that a shader reads or writes. */
export interface Binding {
  readonly value: Value;
  /** First element, a multiple of `WINDOW`. */
  readonly start: number;
  readonly elements: number;
  readonly access: Access;
}

/** One call of a kernel. */
export interface Dispatch {
  /** Operation and sizes, for messages and counts. */
  readonly label: string;
  readonly code: string;
  readonly workgroups: readonly [number, number];
  readonly bindings: readonly Binding[];
  /**
   * Where tensors that are parts of larger values begin, in elements from the start of their
   * binding. The text reads them from memory, so that kernels for equal layers are one.
   */
  readonly offsets: readonly number[];
  /** Estimated floating-point operations. */
  readonly work: number;
}

/** Elements between the places where a binding may begin. */
const WINDOW = 64;

/** Workgroups that a device takes along one axis. */
const MOST_ALONG_AXIS = 65_535;

/** What a shader may know of the memory that it works on. */
export interface MemoryAccess {
  access(value: Value): Access;
  /** Whether the shader touches the value in one place only, so that its binding may begin there. */
  single(value: Value): boolean;
}

/** The text of a kernel: what it binds, its functions, and its entry point. */
export class Shader {
  readonly #memory: MemoryAccess;
  readonly #bindings: (Binding & { readonly type: string })[] = [];
  readonly #offsets = new Map<string, number>();
  readonly #helpers = new Set<Helper>();
  readonly #declarations: string[] = [];
  readonly #functions: string[] = [];

  constructor(memory: MemoryAccess) {
    this.#memory = memory;
  }

  /** The name of an element's memory, to read or to assign. */
  element(place: Place, size: number, dtype: DType, number: string, block: Block): string {
    const { value, offset } = place;
    const access = this.#memory.access(value);
    const windowed = access === 'read' || this.#memory.single(value);
    const start = windowed ? Math.floor(offset / WINDOW) * WINDOW : 0;
    const type = ELEMENT_TYPES[dtype];
    let index = this.#bindings.findIndex((one) => one.value === value && one.start === start);
    const elements = windowed ? Math.max(1, offset - start + size) : Math.max(1, value.size);
    const known = this.#bindings[index];
    if (known === undefined)
      index = this.#bindings.push({ value, start, elements, access, type }) - 1;
    else if (known.elements < elements) this.#bindings[index] = { ...known, elements };
    const whole = offset === 0 && size === value.size;
    const first = whole ? u32(0) : block.let(this.#offset(index, offset - start));
    return `b${String(index)}[${block.let(plus(number, first))}]`;
  }

  #offset(binding: number, elements: number): string {
    const key = `${String(binding)} ${String(elements)}`;
    const at = [...this.#offsets.keys()].indexOf(key);
    const index = at < 0 ? this.#offsets.size : at;
    this.#offsets.set(key, elements);
    return `offsets[${String(Math.floor(index / 4))}].${'xyzw'[index % 4] ?? ''}`;
  }

  /** Makes a function of the prelude available. */
  use(helper: Helper): void {
    this.#helpers.add(helper);
  }

  declare(text: string): void {
    this.#declarations.push(text);
  }

  define(text: string): void {
    this.#functions.push(text);
  }

  /**
   * Completes the kernel. Its entry point runs once in each thread, with `group` and `lane` as the
   * numbers of the workgroup and of the thread in it.
   */
  dispatch(
    label: string,
    entry: { readonly groups: number; readonly threads: number; readonly body: string },
    work: number,
  ): Dispatch {
    const { groups, threads, body } = entry;
    const rows = Math.ceil(groups / MOST_ALONG_AXIS);
    const columns = Math.ceil(groups / rows);
    const group = rows === 1 ? 'workgroup.x' : `workgroup.x + workgroup.y * ${u32(columns)}`;
    const beyond = rows * columns > groups ? `if (group >= ${u32(groups)}) { return; }` : '';
    const offsets = [...this.#offsets.values()];
    const vectors = String(offsetVectors(offsets.length));
    const code = [
      offsets.length === 0
        ? ''
        : `@group(0) @binding(${String(this.#bindings.length)}) var<uniform> offsets: array<vec4u, ${vectors}>;`,
      ...this.#bindings.map(
        ({ access, type }, index) =>
          `@group(0) @binding(${String(index)}) var<storage, ${access}> b${String(index)}: array<${type}>;`,
      ),
      ...this.#declarations,
      ...[...this.#helpers].map((helper) => HELPERS[helper]),
      ...this.#functions,
      `@compute @workgroup_size(${String(threads)})`,
      'fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {',
      `let group = ${group};`,
      beyond,
      body,
      '}',
    ];
    const bindings = this.#bindings.map(({ value, start, elements, access }) => ({
      value,
      start,
      elements,
      access,
    }));
    return {
      label,
      code: code.filter((line) => line !== '').join('\n'),
      workgroups: [columns, rows],
      bindings,
      offsets,
      work,
    };
  }
}

/** Vectors of four that hold the offsets of a dispatch. */
export function offsetVectors(offsets: number): number {
  return Math.ceil(offsets / 4);
}

/** A float32 as a WGSL literal. */
export function f32(value: number): string {
  const text = String(Math.fround(value));
  const literal = /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
  return value < 0 || Object.is(value, -0) ? `(${literal})` : literal;
}

export function shapeName({ shape }: Tensor): string {
  return staticShape(shape).join('×') || '1';
}
