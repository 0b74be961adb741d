import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { zipOf, type ZipEntry } from '../../../fixtures/zip.ts';
import { temporaryFolder } from '../../host/support.ts';
import { contentOf, FIXTURES, refusalOf } from './support.ts';

/** An array as NumPy writes it, with this header. */
function npy(header: string, data = 16, version = 1): Buffer {
  const text = Buffer.from(header);
  const size = Buffer.alloc(version === 1 ? 2 : 4);
  size.writeUIntLE(text.length, 0, size.length);
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  return Buffer.concat([start, size, text, Buffer.alloc(data)]);
}

const HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }";
const archive = (data: Buffer, others: readonly ZipEntry[] = []) =>
  zipOf([{ name: 'a.npy', data }, ...others]);

describe('headers', () => {
  test.each<[string, Buffer, string]>([
    ['no NumPy', Buffer.from('not an array at all'), 'has no header of NumPy'],
    ['nothing', Buffer.alloc(0), 'has no header of NumPy'],
    ['version 9', npy(HEADER, 16, 9), 'has a header of version 9'],
    ['a length beyond the file', npy(HEADER).fill(255, 8, 10), 'has a header that is longer'],
    ['no literal', npy("{'descr': open('x')}"), 'has a header that is not valid at character 9'],
    ['an expression', npy("{'shape': (2*2,)}"), 'has a header that'],
    ['text after the end', npy(`${HEADER} + 1`), 'has a header that goes on after its end'],
    ['brackets upon brackets', npy('['.repeat(5000)), 'nests deeper than 8 levels'],
    ['a key twice', npy("{'shape': (4,), 'shape': (2,)}"), 'has the key "shape" twice'],
    ['a key that is no text', npy('{1: 2}'), 'has a key that is not text'],
    ['no dictionary', npy('(4,)'), 'has a header that is no dictionary'],
    ['no order', npy("{'descr': '<f4', 'shape': (4,)}"), 'does not say the order of its axes'],
    ['a negative size', npy(HEADER.replace('4,', '-4,')), 'a shape that is not a tuple of sizes'],
    ['a size of text', npy(HEADER.replace('4,', "'4',")), 'a shape that is not a tuple of sizes'],
    ['too large', npy(HEADER.replace('4,', '9007199254740991, 9,')), 'too large to exist'],
    ['too short', npy(HEADER, 12), 'has 12 bytes where F32 (4) needs 16'],
    ['too long', npy(HEADER, 20), 'has 20 bytes where F32 (4) needs 16'],
  ])('%s', async (_, data, sentence) => {
    const error = await refusalOf(temporaryFolder(), archive(data));
    expect(['file-damaged', 'format-unsupported']).toContain(error.code);
    expect(error.message).toContain(`weights: the entry a.npy `);
    expect(error.message).toContain(sentence);
  });

  test.each([
    ['objects.npz', 'the entry objects.npy holds Python objects'],
    ['big-endian.npz', 'the entry values.npy holds numbers of the type >f4'],
    ['record.npz', 'the entry values.npy holds numbers of the type a record'],
  ])('%s of numpy', async (file, sentence) => {
    await expect(contentOf(join(FIXTURES, file))).rejects.toMatchObject({
      code: 'format-unsupported',
      message: expect.stringContaining(sentence) as string,
    });
  });
});

describe('archives', () => {
  const good = { name: 'a.npy', data: npy(HEADER) };
  const longer = (() => {
    const data = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}", 1000);
    return { name: 'b.npy', data, deflate: true, claimedSize: data.length - 991 };
  })();

  test.each<[string, readonly ZipEntry[], string]>([
    ['a name that leads out', [{ ...good, name: '../a.npy' }], 'an entry leads out of it'],
    ['an absolute name', [{ ...good, name: '/a.npy' }], 'an entry leads out of it'],
    ['a name of another system', [{ ...good, name: 'x\\a.npy' }], 'an entry leads out of it'],
    ['a name twice', [good, good], 'the name a.npy is in it twice'],
    [
      'something else',
      [good, { name: 'run.py', data: Buffer.alloc(1) }],
      'the entry run.py is no array',
    ],
    [
      'entries of the same bytes',
      [good, { ...good, name: 'b.npy', sameAs: 'a.npy' }],
      'overlaps another entry',
    ],
    ['another size', [{ ...good, claimedSize: 99 }], 'size mismatch'],
    ['a bomb', [{ ...longer, claimedSize: 2 ** 30 }], 'say that they unpack to'],
    ['more than it says', [longer], 'b.npy is longer than it says'],
    ['less than it says', [{ ...longer, data: longer.data.subarray(0, -992) }], 'b.npy has'],
    ['another checksum', [{ ...good, deflate: true, claimedSum: 1 }], 'a.npy has a wrong checksum'],
  ])('%s', async (_, entries, sentence) => {
    const error = await refusalOf(temporaryFolder(), zipOf(entries));
    expect(error.message).toContain(sentence);
  });

  test('no archive is taken to its end when it is cut off', async () => {
    const whole = zipOf([good, { ...good, name: 'b.npy' }]);
    for (const length of [4, 100, whole.length - 30, whole.length - 1]) {
      const error = await refusalOf(temporaryFolder(), whole.subarray(0, length));
      expect(error.code).toBe('file-damaged');
    }
  });

  test('a zip without weights', async () => {
    const error = await refusalOf(
      temporaryFolder(),
      zipOf([{ name: 'a.txt', data: Buffer.alloc(3) }]),
    );
    expect(error.message).toContain('is a zip archive without weights');
  });

  test('an adapter in one file', async () => {
    const error = await refusalOf(
      temporaryFolder(),
      zipOf([{ name: 'gulls/adapter_config.json', data: Buffer.from('{}') }]),
    );
    expect(error.message).toContain('is an adapter, not a backbone');
    expect(error.hint).toContain('karst adapter import');
  });

  test('a file that holds no tensors in any form, by the forms that are read', async () => {
    const error = await refusalOf(temporaryFolder(), Buffer.from('import timm, torch\n'));
    expect(error.code).toBe('format-unknown');
    expect(error.message).toContain('is no file of weights that is recognized');
    expect(error.hint).toContain('.npz');
  });
});
