/** A value of strictly parsed JSON: objects are Maps, so that no key can reach a prototype. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;

/** What is wrong with the text, a sentence without its subject: "has the key "a" twice". */
export class StrictJsonError extends Error {}

const DEEPEST = 16;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING_END = /["\\\u0000-\u001f]/g;

/**
 * A JSON parser for untrusted text. Unlike `JSON.parse` it refuses duplicate keys (of which the
 * platform keeps the last in silence), the key `__proto__` and nesting deeper than 16; objects come
 * back as Maps.
 *
 * @throws StrictJsonError
 */
export function parseStrictJson(text: string): JsonValue {
  let at = 0;

  const fail = (what: string): never => {
    throw new StrictJsonError(what);
  };
  const broken = (): never =>
    fail(
      at >= text.length ? 'ends in the middle of its JSON' : `is not valid JSON at character ${at}`,
    );
  const skipSpace = () => {
    for (;;) {
      const c = text.charCodeAt(at);
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return;
      at++;
    }
  };
  const literal = <T extends JsonValue>(word: string, value: T): T => {
    if (!text.startsWith(word, at)) return broken();
    at += word.length;
    return value;
  };
  const parseString = (): string => {
    if (text[at] !== '"') return broken();
    const start = at;
    at++;
    for (;;) {
      STRING_END.lastIndex = at;
      const end = STRING_END.exec(text);
      if (end === null) {
        at = text.length;
        return broken();
      }
      at = end.index;
      if (end[0] === '"') break;
      if (end[0] !== '\\') return broken();
      at += 2;
    }
    at++;
    const slice = text.slice(start, at);
    if (!slice.includes('\\')) return slice.slice(1, -1);
    try {
      return JSON.parse(slice) as string;
    } catch {
      return fail(`has a wrong escape in the text at character ${start}`);
    }
  };
  const parseNumber = (): number => {
    NUMBER.lastIndex = at;
    const match = NUMBER.exec(text);
    if (match === null) return broken();
    at += match[0].length;
    return Number(match[0]);
  };
  const parseObject = (depth: number): Map<string, JsonValue> => {
    const object = new Map<string, JsonValue>();
    at++;
    skipSpace();
    if (text[at] === '}') {
      at++;
      return object;
    }
    for (;;) {
      skipSpace();
      const key = parseString();
      if (key === '__proto__') fail('has the key "__proto__", which is not allowed');
      if (object.has(key)) fail(`has the key ${JSON.stringify(key)} twice`);
      skipSpace();
      if (text[at] !== ':') return broken();
      at++;
      object.set(key, parseValue(depth + 1));
      skipSpace();
      const c = text[at];
      if (c !== ',' && c !== '}') return broken();
      at++;
      if (c === '}') return object;
    }
  };
  const parseArray = (depth: number): JsonValue[] => {
    const array: JsonValue[] = [];
    at++;
    skipSpace();
    if (text[at] === ']') {
      at++;
      return array;
    }
    for (;;) {
      array.push(parseValue(depth + 1));
      skipSpace();
      const c = text[at];
      if (c !== ',' && c !== ']') return broken();
      at++;
      if (c === ']') return array;
    }
  };
  const parseValue = (depth: number): JsonValue => {
    if (depth > DEEPEST) fail(`nests deeper than ${DEEPEST} levels`);
    skipSpace();
    switch (text[at]) {
      case '{':
        return parseObject(depth);
      case '[':
        return parseArray(depth);
      case '"':
        return parseString();
      case 't':
        return literal('true', true);
      case 'f':
        return literal('false', false);
      case 'n':
        return literal('null', null);
      default:
        return parseNumber();
    }
  };

  const value = parseValue(0);
  skipSpace();
  if (at < text.length) broken();
  return value;
}
