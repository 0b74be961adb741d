/**
 * Statements of a WGSL function body. Equal expressions are bound to one name: expressions have no
 * side effects, so a name stands for its expression wherever it is in scope.
 */
export class Block {
  readonly #parent: Block | null;
  readonly #counter: { names: number };
  readonly #names = new Map<string, string>();
  readonly #lines: string[] = [];

  constructor(parent: Block | null = null) {
    this.#parent = parent;
    this.#counter = parent === null ? { names: 0 } : parent.#counter;
  }

  /** Returns a name for an expression; names and literals stand for themselves. */
  let(expression: string): string {
    if (ATOM.test(expression)) return expression;
    const known = this.#find(expression);
    if (known !== undefined) return known;
    const name = `x${String(this.#counter.names++)}`;
    this.#names.set(expression, name);
    this.#lines.push(`let ${name} = ${expression};`);
    return name;
  }

  add(statement: string): void {
    this.#lines.push(statement);
  }

  text(): string {
    return this.#lines.join('\n');
  }

  #find(expression: string): string | undefined {
    const own = this.#names.get(expression);
    return own !== undefined || this.#parent === null ? own : this.#parent.#find(expression);
  }
}

const ATOM = /^\w+$|^[\d.]+(e[+-]?\d+)?[fiu]?$/;

const literal = (text: string): number | null =>
  /^\d+u$/.test(text) ? Number(text.slice(0, -1)) : null;

export const u32 = (value: number): string => `${String(value)}u`;

/** Unsigned arithmetic on index expressions; literals are folded. */
export function plus(a: string, b: string): string {
  const [x, y] = [literal(a), literal(b)];
  if (x === 0) return b;
  if (y === 0) return a;
  return x !== null && y !== null ? u32(x + y) : `(${a} + ${b})`;
}

export function times(a: string, factor: number): string {
  const x = literal(a);
  if (x !== null) return u32(x * factor);
  return factor === 1 ? a : `(${a} * ${u32(factor)})`;
}

export function quotient(a: string, divisor: number): string {
  const x = literal(a);
  if (x !== null) return u32(Math.floor(x / divisor));
  return divisor === 1 ? a : `(${a} / ${u32(divisor)})`;
}

export function remainder(a: string, divisor: number): string {
  const x = literal(a);
  if (divisor === 1) return u32(0);
  return x !== null ? u32(x % divisor) : `(${a} % ${u32(divisor)})`;
}
