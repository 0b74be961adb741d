import { describe, expect, test } from 'vitest';
import {
  type JsonValue,
  parseStrictJson,
  StrictJsonError,
} from '../../../main/formats/strict-json.ts';

function plain(value: JsonValue): unknown {
  if (value instanceof Map) {
    const map = value as ReadonlyMap<string, JsonValue>;
    return Object.fromEntries([...map].map(([k, v]) => [k, plain(v)]));
  }
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(plain) : value;
}

describe('parseStrictJson', () => {
  test.each([
    '{}',
    '[]',
    ' { "a" : [ 1 , -0.5e3 , true , false , null ] , "b\\n\\u00e9\\"" : { "c" : "ü" } } ',
    '"text"',
    '12',
    '[[[]],{"":""}]',
  ])('reads %s as JSON.parse does', (text) => {
    expect(plain(parseStrictJson(text))).toEqual(JSON.parse(text));
  });

  test.each([
    ['{"a":1,"a":2}', 'has the key "a" twice'],
    ['{"a":{"b":1,"\\u0062":2}}', 'has the key "b" twice'],
    ['{"__proto__":{}}', 'has the key "__proto__", which is not allowed'],
    ['{"\\u005f_proto__":{}}', 'has the key "__proto__", which is not allowed'],
    ['{"a":', 'ends in the middle of its JSON'],
    ['{"a', 'ends in the middle of its JSON'],
    ['{"a":1,}', 'is not valid JSON at character 7'],
    ['[1,]', 'is not valid JSON at character 3'],
    ['[01]', 'is not valid JSON at character 2'],
    ['{"a":1} x', 'is not valid JSON at character 8'],
    ['"\n"', 'is not valid JSON at character 1'],
    ['"\\x"', 'has a wrong escape in the text at character 0'],
    ['{a:1}', 'is not valid JSON at character 1'],
    ['nul', 'is not valid JSON at character 0'],
    ['NaN', 'is not valid JSON at character 0'],
    ['', 'ends in the middle of its JSON'],
    ['['.repeat(40), 'nests deeper than 16 levels'],
  ])('refuses %s', (text, message) => {
    expect(() => parseStrictJson(text)).toThrow(new StrictJsonError(message));
  });
});
