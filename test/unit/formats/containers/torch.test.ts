import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../host/support.ts';
import {
  checkpoint,
  contentOf,
  dictionary,
  FIXTURES,
  pickle,
  refusalOf,
  tensor,
  type TensorParts,
} from './support.ts';

const { mark, reduce, start, stop, text } = pickle;

test('a view is read in row-major order', async () => {
  const path = join(temporaryFolder(), 'weights');
  writeFileSync(path, checkpoint(dictionary(tensor({ shape: [2, 2], strides: [1, 2] }))));
  expect((await contentOf(path)).values).toEqual({ a: [1, 3, 2, 4] });
});

describe('the checksum of numbers that are not packed', () => {
  const numbers = Buffer.from(new Float32Array([1, 2, 3, 4]).buffer);
  const file = (claimedSum: number): Buffer =>
    checkpoint(dictionary(tensor({ key: '1' })), [
      { name: 'weights/data/1', data: numbers, claimedSum },
    ]);

  test('is compared', async () => {
    const error = await refusalOf(temporaryFolder(), file(12345));
    expect(error.code).toBe('file-damaged');
    expect(error.message).toContain('weights/data/1 has a wrong checksum');
  });

  test('may be left out, as PyTorch does when it is told so', async () => {
    const path = join(temporaryFolder(), 'weights');
    writeFileSync(path, file(0));
    expect((await contentOf(path)).values).toEqual({ a: [1, 2, 3, 4] });
  });
});

describe('what would run a program is not read', () => {
  const calls = (module: string, name: string) =>
    dictionary(pickle.global(module, name), mark, text('true'), pickle.tuple, reduce);

  test.each([
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'getattr'],
    ['torch._utils', '_rebuild_tensor'],
    ['torch', '_utils._rebuild_tensor_v2'],
    ['torch.storage', '_load_from_bytes'],
    ['collections', 'OrderedDict.update'],
    ['constructor', 'constructor'],
    ['numpy.core.multiarray', 'scalar'],
    ['argparse', 'Namespace'],
  ])('%s.%s', async (module, name) => {
    const error = await refusalOf(temporaryFolder(), checkpoint(calls(module, name)));
    expect(error.code).toBe('format-unsupported');
    expect(error.message).toContain(` it needs ${module}.${name}, `);
    expect(error.hint).toContain('save_file');
  });

  test.each<[string, Buffer]>([
    ['a storage that is called', calls('torch', 'FloatStorage')],
    ['text that is called', dictionary(text('eval'), mark, pickle.tuple, reduce)],
    ['an object that is made', dictionary(mark, pickle.tuple, Buffer.from([0x81]))],
    [
      'a name by STACK_GLOBAL that is no text',
      dictionary(mark, pickle.tuple, text('a'), Buffer.from([0x93])),
    ],
    ['an extension', dictionary(Buffer.from([0x82, 1]))],
    ['an instance of a class', dictionary(mark, Buffer.from('iposix\nsystem\n'))],
  ])('%s', async (_, content) => {
    const error = await refusalOf(temporaryFolder(), checkpoint(content));
    expect(error.code).toBe('file-damaged');
    expect(error.message).toMatch(/has a pickle that /);
  });

  test.each([
    ['arguments.pth', 'argparse.Namespace'],
    ['module.pt', 'torch.nn.modules.linear.Linear'],
  ])('%s of torch.save', async (file, name) => {
    await expect(contentOf(join(FIXTURES, file))).rejects.toMatchObject({
      code: 'format-unsupported',
      message: expect.stringContaining(` it needs ${name}, `) as string,
    });
  });

  test('the form before PyTorch 1.6', async () => {
    await expect(contentOf(join(FIXTURES, 'old.pth'))).rejects.toMatchObject({
      code: 'format-unsupported',
      message: expect.stringContaining('of the form before version 1.6') as string,
    });
  });
});

describe('tensors stay inside their numbers', () => {
  test.each<[string, TensorParts, string]>([
    ['too many elements', { shape: [5] }, 'a tensor (5) that reaches beyond its 4 stored numbers'],
    ['an offset', { offset: 1 }, 'reaches beyond its 4 stored numbers'],
    ['strides', { shape: [2, 2], strides: [3, 1] }, 'reaches beyond its 4 stored numbers'],
    ['strides of 2^53', { shape: [2], strides: [2 ** 53 - 1] }, 'reaches beyond'],
    ['sizes of 2^53', { shape: [2 ** 53 - 1, 2 ** 53 - 1], strides: [0, 0] }, 'too large to exist'],
    ['a tensor of one number', { shape: [1e9], strides: [0] }, 'of which 4 numbers are stored'],
    ['a negative stride', { offset: 3, strides: [-1] }, 'describes a tensor in a way'],
    ['a negative offset', { offset: -1 }, 'describes a tensor in a way'],
    ['a stride too few', { shape: [2, 2] }, 'describes a tensor in a way'],
    [
      '33 axes',
      { shape: Array<number>(33).fill(1), strides: Array<number>(33).fill(1) },
      'describes a tensor',
    ],
    [
      'more numbers than are there',
      { elements: 5 },
      'says that data/0 has 5 numbers of F32, but it has 16 bytes',
    ],
    ['another type', { type: 'DoubleStorage' }, 'says that data/0 has 4 numbers of F64'],
    ['numbers that are missing', { key: '1' }, 'refers to numbers that are missing (data/1)'],
    [
      'numbers outside',
      { key: '../byteorder' },
      'refers to numbers that are missing (data/../byteorder)',
    ],
  ])('%s', async (_, parts, sentence) => {
    const error = await refusalOf(temporaryFolder(), checkpoint(dictionary(tensor(parts))));
    expect(error.code).toBe('file-damaged');
    expect(error.message).toContain(sentence);
  });

  test('an empty tensor may stand anywhere', async () => {
    const path = join(temporaryFolder(), 'weights');
    const parts = { shape: [0, 3], strides: [3, 1], offset: 4 };
    const content = Buffer.concat([
      start,
      pickle.dict,
      mark,
      ...[text('a'), tensor(parts), text('b'), tensor()],
      pickle.setItems,
      stop,
    ]);
    writeFileSync(path, checkpoint(content));
    expect((await contentOf(path)).values).toEqual({ a: [], b: [1, 2, 3, 4] });
  });
});

describe('pickles made to hurt', () => {
  const remembered = (count: number) => {
    const bytes = Buffer.alloc(5 * count, 'r');
    for (let i = 0; i < count; i++) bytes.writeUInt32LE(i, 5 * i + 1);
    return bytes;
  };
  const raw = (...parts: Buffer[]) => Buffer.concat([start, ...parts, stop]);

  test.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'ends in the middle of a value'],
    ['no end', Buffer.concat([start, pickle.dict]), 'ends in the middle of a value'],
    ['a value too few', raw(), 'takes a value where there is none'],
    ['text that is cut off', raw(Buffer.from([0x58, 255, 255, 255, 255])), 'ends in the middle'],
    [
      'a length of 2^64 - 1',
      raw(Buffer.from([0x8d, ...Array<number>(8).fill(255)])),
      'ends in the middle',
    ],
    ['text that is not UTF-8', raw(Buffer.from([0x8c, 1, 0xff])), 'text that is not valid UTF-8'],
    ['a mark that was not set', raw(pickle.tuple), 'goes back to a mark'],
    [
      'a value that was not remembered',
      raw(pickle.get(7)),
      'recalls a value that it did not remember',
    ],
    ['marks upon marks', raw(...Array<Buffer>(200).fill(mark)), 'nests deeper than 100 levels'],
    ['a million values', raw(Buffer.alloc(100_001, 0x4e)), 'piles up more than 100000 values'],
    [
      'operations without end',
      raw(pickle.dict, Buffer.alloc(4_000_000, pickle.put(0))),
      'has more than 2000000 operations',
    ],
    [
      'a memo without end',
      raw(pickle.dict, remembered(500_001)),
      'remembers more than 500000 values',
    ],
    [
      'a name twice',
      raw(pickle.dict, mark, text('a'), tensor(), text('a'), tensor(), pickle.setItems),
      'sets the entry "a" twice',
    ],
    ['entries of a list', raw(pickle.list, text('a'), text('b'), pickle.setItem), 'no dictionary'],
    [
      'an entry without a value',
      raw(pickle.dict, mark, text('a'), pickle.setItems),
      'no dictionary',
    ],
    ['a state of a list', raw(pickle.list, pickle.dict, Buffer.from('b')), 'gives a state'],
    ['an operation that is not known', raw(Buffer.from([0xff])), 'uses the operation 0xff'],
    ['protocol 0', Buffer.from('(dp0\n.'), 'uses the operation 0x64'],
  ])('%s', async (_, content, sentence) => {
    const error = await refusalOf(temporaryFolder(), checkpoint(content));
    expect(error.code).toBe('file-damaged');
    expect(error.message).toContain(sentence);
  });

  test('a dictionary inside itself holds nothing more', async () => {
    const { dict, put, get, setItem } = pickle;
    const content = raw(dict, put(0), text('self'), get(0), setItem, text('a'), tensor(), setItem);
    const path = join(temporaryFolder(), 'weights');
    writeFileSync(path, checkpoint(content));
    expect((await contentOf(path)).shapes).toEqual({ a: 'F32 4' });
  });

  test('dictionaries that hold each other twice are gone through once', async () => {
    const { dict, put, get, setItems } = pickle;
    const levels = Array.from({ length: 60 }, (_, i) =>
      Buffer.concat([
        dict,
        put(i),
        mark,
        ...(i === 0 ? [text('w'), tensor()] : [text('x'), get(i - 1), text('y'), get(i - 1)]),
        setItems,
      ]),
    );
    const deep = await refusalOf(temporaryFolder(), checkpoint(raw(...levels)));
    expect(deep.message).toContain('holds dictionaries more than 16 deep');
    const path = join(temporaryFolder(), 'shallow');
    writeFileSync(path, checkpoint(raw(...levels.slice(0, 12))));
    expect(Object.keys((await contentOf(path)).shapes)).toEqual([`${'x.'.repeat(11)}w`]);
  });
});

describe('what a checkpoint may hold beside its weights', () => {
  test('two dictionaries of tensors are not guessed between', async () => {
    const error = await contentOf(join(FIXTURES, 'two.pth')).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'format-unsupported',
      message: `${join(FIXTURES, 'two.pth')} holds several dictionaries of tensors: student, teacher.backbone.`,
      hint: expect.stringContaining('weights_only=True)["student"]') as string,
    });
  });

  test('no tensors at all', async () => {
    const error = await refusalOf(temporaryFolder(), checkpoint(dictionary(text('b'))));
    expect(error.message).toContain('holds no dictionary of tensors');
  });

  test('a TorchScript program', async () => {
    const constants = { name: 'weights/constants.pkl', data: Buffer.alloc(0) };
    const error = await refusalOf(temporaryFolder(), checkpoint(dictionary(tensor()), [constants]));
    expect(error.message).toContain('is a TorchScript program');
  });

  test('another byte order', async () => {
    const content = checkpoint(dictionary(tensor()));
    content.write('large ', content.indexOf('little'), 'latin1');
    const error = await refusalOf(temporaryFolder(), content);
    expect(error.message).toContain('in the byte order "large "; only "little" is read');
  });
});
