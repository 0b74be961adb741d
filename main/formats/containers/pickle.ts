/**
 * What a pickle may build here. Text that is not among the rules' names ends the reading: nothing is
 * ever looked up, imported or called.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleObject;

/** Whatever a rule makes: opaque to the interpreter. */
export class PickleObject {
  declare private readonly brand: never;
}

/** A name that the rules know. */
export class PickleGlobal {
  /** Module and name, joined by a point. */
  readonly name: string;
  /** What calling it gives; null when it is only named. @throws PickleError */
  readonly build: ((args: readonly PickleValue[]) => PickleValue) | null;

  constructor(name: string, build: PickleGlobal['build']) {
    this.name = name;
    this.build = build;
  }
}

export interface PickleRules {
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What stands outside the pickle under this id. @throws PickleError */
  readonly persistent: (id: PickleValue) => PickleValue;
}

/** What is wrong with a pickle, a sentence without its subject. */
export class PickleError extends Error {
  /** The name that is not among the rules', if it is that. */
  readonly global: string | null;

  constructor(message: string, global: string | null = null) {
    super(message);
    this.global = global;
  }
}

/** A checkpoint of the largest models, with its optimizer, takes a tenth of these. */
const MOST_OPERATIONS = 2_000_000;
const MOST_ON_STACK = 100_000;
const MOST_REMEMBERED = 500_000;
const MOST_MARKS = 100;
const HIGHEST_PROTOCOL = 5;

/**
 * Reads a pickle (protocols 2 to 5, the subset that PyTorch writes for dictionaries of tensors) with
 * an interpreter that builds plain values and what `rules` allow.
 * @throws PickleError
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules): PickleValue {
  return new Interpreter(bytes, rules).run();
}

type Operation = (machine: Interpreter) => void;

class Interpreter {
  readonly rules: PickleRules;
  readonly #bytes: Buffer;
  #at = 0;
  /** The innermost stack; those below each mark are kept in `#below`. */
  #stack: PickleValue[] = [];
  readonly #below: PickleValue[][] = [];
  #height = 0;
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, rules: PickleRules) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.rules = rules;
  }

  run(): PickleValue {
    for (let done = 0; done < MOST_OPERATIONS; done++) {
      const code = this.unsigned(1);
      if (code === STOP) return this.pop();
      const operation = OPERATIONS[code];
      if (operation === undefined)
        throw new PickleError(`uses the operation 0x${code.toString(16)}, which is not read`);
      operation(this);
    }
    throw new PickleError(`has more than ${MOST_OPERATIONS} operations`);
  }

  // The stack

  push(value: PickleValue): void {
    this.#stack.push(value);
    if (++this.#height > MOST_ON_STACK)
      throw new PickleError(`piles up more than ${MOST_ON_STACK} values`);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw new PickleError('takes a value where there is none');
    this.#height--;
    return value;
  }

  popMany(count: number): PickleValue[] {
    const values: PickleValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.pop());
    return values.reverse();
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw new PickleError('looks at a value where there is none');
    return value;
  }

  mark(): void {
    if (this.#below.length >= MOST_MARKS)
      throw new PickleError(`nests deeper than ${MOST_MARKS} levels`);
    this.#below.push(this.#stack);
    this.#stack = [];
  }

  /** Everything above the last mark. */
  popToMark(): PickleValue[] {
    const values = this.#stack;
    const below = this.#below.pop();
    if (below === undefined) throw new PickleError('goes back to a mark that it did not set');
    this.#stack = below;
    this.#height -= values.length;
    return values;
  }

  // The memo

  remember(index: number): void {
    this.#memo.set(index, this.top());
    if (this.#memo.size > MOST_REMEMBERED)
      throw new PickleError(`remembers more than ${MOST_REMEMBERED} values`);
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw new PickleError('recalls a value that it did not remember');
    this.push(value);
  }

  // The bytes

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at)
      throw new PickleError('ends in the middle of a value');
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** A little-endian number without sign of up to 6 bytes. */
  unsigned(length: number): number {
    return this.take(length).readUIntLE(0, length);
  }

  signed32(): number {
    return this.take(4).readInt32LE();
  }

  float64(): number {
    return this.take(8).readDoubleBE();
  }

  /** The size of what follows, as 8 bytes. */
  size64(): number {
    const size = this.take(8).readBigUInt64LE();
    if (size > BigInt(this.#bytes.length)) throw new PickleError('ends in the middle of a value');
    return Number(size);
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new PickleError('ends in the middle of a name');
    const text = this.text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  text(length: number): string {
    try {
      return UTF8.decode(this.take(length));
    } catch (error) {
      if (error instanceof TypeError) throw new PickleError('has text that is not valid UTF-8');
      throw error;
    }
  }

  /** A whole number of up to 255 bytes, little-endian two's complement; rounded beyond 2^53. */
  long(length: number): number {
    let value = 0n;
    for (const byte of [...this.take(length)].reverse()) value = (value << 8n) | BigInt(byte);
    return Number(BigInt.asIntN(8 * length, value));
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const STOP = 0x2e;

function pushGlobal(machine: Interpreter, module: PickleValue, name: PickleValue): void {
  if (typeof module !== 'string' || typeof name !== 'string')
    throw new PickleError('names something by a value that is not text');
  const full = `${module}.${name}`;
  // A point in the name would reach into what the module holds.
  const known = name.includes('.') ? undefined : machine.rules.globals.get(full);
  if (known === undefined) throw new PickleError(`needs ${full}, which is not read`, full);
  machine.push(known);
}

function call(machine: Interpreter): void {
  const [callable, args] = machine.popMany(2);
  if (!(callable instanceof PickleGlobal) || callable.build === null || !Array.isArray(args))
    throw new PickleError('calls something that cannot be called');
  machine.push(callable.build(args));
}

function setItems(machine: Interpreter, items: readonly PickleValue[]): void {
  const target = machine.top();
  if (!(target instanceof Map) || items.length % 2 !== 0)
    throw new PickleError('sets entries of something that is no dictionary');
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i] as PickleValue;
    if (target.has(key)) throw new PickleError(`sets the entry ${describeKey(key)} twice`);
    target.set(key, items[i + 1] as PickleValue);
  }
}

function describeKey(key: PickleValue): string {
  return typeof key === 'string' ? JSON.stringify(key.slice(0, 200)) : `that is a ${typeof key}`;
}

function append(machine: Interpreter, items: readonly PickleValue[]): void {
  const target = machine.top();
  if (!Array.isArray(target)) throw new PickleError('appends to something that is no list');
  for (const item of items) target.push(item);
}

/** `state_dict()` carries the versions of its modules as an attribute; nothing here needs it. */
function ignoreState(machine: Interpreter): void {
  machine.pop();
  if (!(machine.top() instanceof Map))
    throw new PickleError('gives a state to something that has none');
}

function checkProtocol(machine: Interpreter): void {
  const protocol = machine.unsigned(1);
  if (protocol < 2 || protocol > HIGHEST_PROTOCOL)
    throw new PickleError(`is of protocol ${protocol}, which is not read`);
}

/** By their codes (Python's pickletools). */
const OPERATIONS: Readonly<Partial<Record<number, Operation>>> = {
  0x80: checkProtocol,
  // FRAME: its length only helps to read from a stream.
  0x95: (m) => void m.take(8),
  // Constants
  0x4e: (m) => {
    m.push(null);
  },
  0x88: (m) => {
    m.push(true);
  },
  0x89: (m) => {
    m.push(false);
  },
  0x4b: (m) => {
    m.push(m.unsigned(1));
  },
  0x4d: (m) => {
    m.push(m.unsigned(2));
  },
  0x4a: (m) => {
    m.push(m.signed32());
  },
  0x8a: (m) => {
    m.push(m.long(m.unsigned(1)));
  },
  0x47: (m) => {
    m.push(m.float64());
  },
  0x58: (m) => {
    m.push(m.text(m.unsigned(4)));
  },
  0x8c: (m) => {
    m.push(m.text(m.unsigned(1)));
  },
  0x8d: (m) => {
    m.push(m.text(m.size64()));
  },
  0x42: (m) => {
    m.push(Uint8Array.from(m.take(m.unsigned(4))));
  },
  0x43: (m) => {
    m.push(Uint8Array.from(m.take(m.unsigned(1))));
  },
  0x8e: (m) => {
    m.push(Uint8Array.from(m.take(m.size64())));
  },
  // Collections
  0x28: (m) => {
    m.mark();
  },
  0x7d: (m) => {
    m.push(new Map());
  },
  0x5d: (m) => {
    m.push([]);
  },
  0x29: (m) => {
    m.push([]);
  },
  0x74: (m) => {
    m.push(m.popToMark());
  },
  0x85: (m) => {
    m.push(m.popMany(1));
  },
  0x86: (m) => {
    m.push(m.popMany(2));
  },
  0x87: (m) => {
    m.push(m.popMany(3));
  },
  0x73: (m) => {
    setItems(m, m.popMany(2));
  },
  0x75: (m) => {
    setItems(m, m.popToMark());
  },
  0x61: (m) => {
    append(m, m.popMany(1));
  },
  0x65: (m) => {
    append(m, m.popToMark());
  },
  // Memo
  0x71: (m) => {
    m.remember(m.unsigned(1));
  },
  0x72: (m) => {
    m.remember(m.unsigned(4));
  },
  0x94: (m) => {
    m.rememberNext();
  },
  0x68: (m) => {
    m.recall(m.unsigned(1));
  },
  0x6a: (m) => {
    m.recall(m.unsigned(4));
  },
  // Names and what they build
  0x63: (m) => {
    pushGlobal(m, m.line(), m.line());
  },
  0x93: (m) => {
    const [module, name] = m.popMany(2);
    pushGlobal(m, module ?? null, name ?? null);
  },
  0x51: (m) => {
    m.push(m.rules.persistent(m.pop()));
  },
  0x52: call,
  0x62: ignoreState,
};
