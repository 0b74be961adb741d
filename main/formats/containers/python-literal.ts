/** A value of Python source: tuples and lists are arrays. */
export type Literal =
  null | boolean | number | string | readonly Literal[] | ReadonlyMap<string, Literal>;

/** What is wrong with the text, a sentence without its subject. */
export class LiteralError extends Error {}

const DEEPEST = 8;
const TOKEN =
  /\s*(?:([{}()[\],:])|'([^'\\\n]*)'|"([^"\\\n]*)"|(-?\d{1,16})L?|(True|False|None)\b)/y;
const CONSTANTS: Readonly<Record<string, Literal>> = { True: true, False: false, None: null };

/**
 * Parses the literals that NumPy writes: dictionaries with text as keys, tuples, lists, text without
 * escapes, whole numbers, `True`, `False` and `None`. Nothing is evaluated.
 * @throws LiteralError
 */
export function parseLiteral(text: string): Literal {
  const tokens = new Tokens(text);
  const value = parseValue(tokens, 0);
  if (!tokens.atEnd()) throw new LiteralError('goes on after its end');
  return value;
}

/** A mark of punctuation, or a value. */
type Token = { readonly mark: string } | { readonly value: Literal };

class Tokens {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match === null) throw new LiteralError(`is not valid at character ${this.#at}`);
    this.#at = TOKEN.lastIndex;
    const [, mark, single, double, number, word] = match;
    if (mark !== undefined) return { mark };
    if (number !== undefined) return { value: Number(number) };
    if (word !== undefined) return { value: CONSTANTS[word] ?? null };
    return { value: single ?? double ?? '' };
  }

  /** Takes the mark if it is next. */
  take(mark: string): boolean {
    const before = this.#at;
    const token = this.next();
    if ('mark' in token && token.mark === mark) return true;
    this.#at = before;
    return false;
  }

  atEnd(): boolean {
    return this.#text.slice(this.#at).trim() === '';
  }
}

function parseValue(tokens: Tokens, depth: number): Literal {
  if (depth > DEEPEST) throw new LiteralError(`nests deeper than ${DEEPEST} levels`);
  const token = tokens.next();
  if ('value' in token) return token.value;
  switch (token.mark) {
    case '{':
      return parseDictionary(tokens, depth);
    case '(':
      return parseItems(tokens, ')', depth);
    case '[':
      return parseItems(tokens, ']', depth);
    default:
      throw new LiteralError(`has ${token.mark} where a value belongs`);
  }
}

function parseItems(tokens: Tokens, end: string, depth: number): Literal[] {
  const items: Literal[] = [];
  while (!tokens.take(end)) {
    items.push(parseValue(tokens, depth + 1));
    if (tokens.take(end)) break;
    require(tokens, ',');
  }
  return items;
}

function parseDictionary(tokens: Tokens, depth: number): Map<string, Literal> {
  const entries = new Map<string, Literal>();
  while (!tokens.take('}')) {
    const key = parseValue(tokens, depth + 1);
    if (typeof key !== 'string') throw new LiteralError('has a key that is not text');
    if (entries.has(key)) throw new LiteralError(`has the key ${JSON.stringify(key)} twice`);
    require(tokens, ':');
    entries.set(key, parseValue(tokens, depth + 1));
    if (tokens.take('}')) break;
    require(tokens, ',');
  }
  return entries;
}

function require(tokens: Tokens, mark: string): void {
  if (!tokens.take(mark)) throw new LiteralError(`lacks a ${mark}`);
}
