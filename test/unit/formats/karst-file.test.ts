import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import yauzl from 'yauzl';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTER_FILES } from '../../../main/formats/adapter-folder.ts';
import { isKarstFile, packKarstFile, unpackKarstFile } from '../../../main/formats/karst-file.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';
import { refusal, temporaryFolder } from '../host/support.ts';

interface ZipEntry {
  readonly name: string;
  readonly content?: Uint8Array | string;
  readonly deflate?: boolean;
  /** Unix mode including the file type bits. */
  readonly mode?: number;
  /** False values for the central directory. */
  readonly says?: {
    readonly size?: number;
    readonly crc?: number;
    readonly flags?: number;
    readonly method?: number;
  };
}

/** Builds a zip as an attacker would: the entries are written without checks. */
function zipOf(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content = '', deflate = false, mode = 0o100644, says = {} } of entries) {
    const plain = Buffer.from(content);
    const data = deflate ? deflateRawSync(plain) : plain;
    const title = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800 | (says.flags ?? 0), 2);
    common.writeUInt16LE(says.method ?? (deflate ? 8 : 0), 4);
    common.writeUInt32LE(says.crc ?? crc32(plain), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(says.size ?? plain.length, 18);
    common.writeUInt16LE(title.length, 22);
    files.push(Buffer.from('PK\x03\x04', 'latin1'), common, title, data);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 3]), common, tail, title);
    offset += 4 + common.length + title.length + data.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, central, end]);
}

const ADAPTER: readonly ZipEntry[] = ADAPTER_FILES.map((name) => ({
  name: `gulls/${name}`,
  content: `content of ${name}`,
  deflate: name.endsWith('.json'),
}));

function written(entries: readonly ZipEntry[]): string {
  const path = join(temporaryFolder(), 'gulls.karst');
  writeFileSync(path, zipOf(entries));
  return path;
}

/**
 * Unpacks into an otherwise empty folder, expects the error and no leftovers, and returns its
 * message.
 */
async function refusedWith(
  entries: readonly ZipEntry[],
  code: Parameters<typeof refusal>[1],
): Promise<string> {
  const around = temporaryFolder();
  const path = written(entries);
  const error = await refusal(unpackKarstFile(path, join(around, 'out')), code);
  expect(readdirSync(around), 'something is left').toEqual([]);
  expect(error.path).toBe(path);
  expect(error.hint).not.toBe('');
  return error.message;
}

function adapterFolder(): string {
  const folder = join(temporaryFolder(), 'adapter');
  mkdirSync(folder);
  for (const name of ADAPTER_FILES) writeFileSync(join(folder, name), `${name} `.repeat(1000));
  writeFileSync(join(folder, 'stray.txt'), 'stays behind');
  return folder;
}

describe('writing', () => {
  afterEach(() => vi.useRealTimers());

  it('holds the five files in one folder, weights stored and the rest deflated, and comes back as it was', async () => {
    const folder = adapterFolder();
    const out = join(temporaryFolder(), 'möwen.karst');
    const progress: number[][] = [];
    await packKarstFile(folder, 'möwen', out, { onBytes: (...counts) => progress.push(counts) });
    const zip = await yauzl.openPromise(out);
    const entries: yauzl.Entry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(entry);
    expect(entries.map((e) => e.fileName)).toEqual(ADAPTER_FILES.map((n) => `möwen/${n}`));
    expect(entries.map((e) => e.compressionMethod)).toEqual([0, 8, 8, 8, 8]);
    const total = ADAPTER_FILES.reduce((sum, n) => sum + statSync(join(folder, n)).size, 0);
    expect(progress.at(-1)?.[1]).toBe(total);

    expect(await isKarstFile(out)).toBe(true);
    const back = join(temporaryFolder(), 'back');
    const unpacked: number[][] = [];
    await unpackKarstFile(out, back, { onBytes: (...counts) => unpacked.push(counts) });
    expect(readdirSync(back).sort()).toEqual([...ADAPTER_FILES].sort());
    for (const name of ADAPTER_FILES)
      expect(readFileSync(join(back, name))).toEqual(readFileSync(join(folder, name)));
    expect(unpacked.at(-1)).toEqual([total, total]);
  });

  it.each(['1970-01-01T00:00:00Z', '2026-05-04T03:02:01Z'])(
    'gives the same bytes at any time, for files of %s',
    async (time) => {
      const folder = adapterFolder();
      for (const name of ADAPTER_FILES)
        utimesSync(join(folder, name), new Date(time), new Date(time));
      const packings: Buffer[] = [];
      for (const now of ['2026-06-01T00:00:00Z', '2027-01-01T00:00:00Z']) {
        vi.useFakeTimers({ now: new Date(now), toFake: ['Date'] });
        const out = join(temporaryFolder(), 'gulls.karst');
        await packKarstFile(folder, 'gulls', out);
        packings.push(readFileSync(out));
      }
      expect(packings[1]).toEqual(packings[0]);
    },
  );

  it('overwrites nothing and leaves nothing of what failed', async () => {
    const folder = adapterFolder();
    const place = temporaryFolder();
    const out = join(place, 'a.karst');
    writeFileSync(out, 'mine');
    await refusal(packKarstFile(folder, 'a', out), 'name-taken');
    expect(readFileSync(out, 'utf8')).toBe('mine');
    await refusal(packKarstFile(join(folder, 'none'), 'a', join(place, 'b.karst')), 'not-found');
    const abort = new AbortController();
    await refusal(
      packKarstFile(folder, 'a', join(place, 'c.karst'), {
        signal: abort.signal,
        onBytes: () => abort.abort(),
      }),
      'cancelled',
    );
    expect(readdirSync(place)).toEqual(['a.karst']);
  });
});

describe('reading', () => {
  it('takes what other tools add for what it is, and leaves it out', async () => {
    const out = join(temporaryFolder(), 'out');
    await unpackKarstFile(
      written([
        { name: 'gulls/', mode: 0o040755 },
        ...ADAPTER,
        { name: '__MACOSX/gulls/._labels.json', content: 'fork' },
        { name: 'gulls/more/adapter_config.json', content: 'deeper' },
        { name: 'gulls/.DS_Store', content: 'finder' },
      ]),
      out,
    );
    expect(readdirSync(out).sort()).toEqual([...ADAPTER_FILES].sort());
    expect(readFileSync(join(out, 'labels.json'), 'utf8')).toBe('content of labels.json');
  });

  it('leaves out a file that is missing, for the adapter folder to tell', async () => {
    const out = join(temporaryFolder(), 'out');
    await unpackKarstFile(
      written(ADAPTER.filter(({ name }) => !name.endsWith('labels.json'))),
      out,
    );
    expect(readdirSync(out)).not.toContain('labels.json');
  });

  it.each<[string, readonly ZipEntry[], RegExp]>([
    ['an entry beside the folder', [{ name: '../labels.json' }], /leads out of it/],
    ['an entry far away', [{ name: 'gulls/../../../etc/passwd' }], /leads out of it/],
    ['an absolute path', [{ name: '/etc/passwd' }], /leads out of it/],
    ['a drive', [{ name: 'C:/windows/system.ini' }], /leads out of it/],
    ['backslashes', [{ name: 'gulls\\..\\..\\x' }], /leads out of it/],
    ['a name of nothing', [{ name: 'gulls//labels.json' }], /no name of a file/],
    ['a control character', [{ name: 'gulls/labels\u0000.json' }], /no name of a file/],
    [
      'a symbolic link',
      [{ name: 'gulls/link', content: '/etc/passwd', mode: 0o120777 }],
      /gulls\/link is a link or a device/,
    ],
    ['a device', [{ name: 'gulls/disk', mode: 0o060600 }], /is a link or a device/],
    ['a name twice', [{ name: 'gulls/labels.json' }], /labels\.json is in it twice/],
    ['a name twice on a Mac', [{ name: 'Gulls/LABELS.json' }], /LABELS\.json is in it twice/],
    [
      'an encrypted entry',
      [{ name: 'gulls/x', content: 'twelve bytes', says: { flags: 1, size: 0 } }],
      /is encrypted/,
    ],
    ['a method of its own', [{ name: 'gulls/x', says: { method: 12 } }], /an unsupported method/],
    ['a second adapter', [{ name: 'terns/adapter_config.json' }], /more than one adapter/],
  ])('refuses %s', async (_what, added, sentence) => {
    expect(await refusedWith([...ADAPTER, ...added], 'format-unsupported')).toMatch(sentence);
  });

  it('refuses too many entries before it reads them', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => ({ name: `gulls/${i}` }));
    expect(await refusedWith([...ADAPTER, ...many], 'format-unsupported')).toContain(
      'it has 1006 entries',
    );
  });

  const replaced = (name: string, entry: Partial<ZipEntry>): ZipEntry[] =>
    ADAPTER.map((one) => (one.name.endsWith(name) ? { ...one, ...entry } : one));

  it('refuses what says that it is far too large', async () => {
    expect(
      await refusedWith(
        replaced('labels.json', { says: { size: 100 * 2 ** 20 } }),
        'format-unsupported',
      ),
    ).toContain('labels.json is said to have 104857600 bytes');
    expect(
      await refusedWith(
        replaced('model.safetensors', { deflate: true, says: { size: 2 ** 31 } }),
        'format-unsupported',
      ),
    ).toMatch(/its \d+ bytes say that they unpack to 2147483/);
  });

  it('refuses what unpacks to more, or less, than it says', async () => {
    const zeros = Buffer.alloc(10 * 2 ** 20);
    // Either yauzl or our own count detects it first.
    const error = await refusedWith(
      replaced('labels.json', { content: zeros, deflate: true, says: { size: 1000 } }),
      'file-damaged',
    );
    expect(error).toMatch(/too many bytes in the stream|longer than it says/);
    await refusedWith(
      replaced('labels.json', { content: 'short', deflate: true, says: { size: 1000 } }),
      'file-damaged',
    );
  });

  it('refuses a wrong checksum and torn data', async () => {
    expect(
      await refusedWith(replaced('README.md', { says: { crc: 1 } }), 'file-damaged'),
    ).toContain('the checksum of gulls/README.md is wrong');
    const path = written(ADAPTER);
    const bytes = readFileSync(path);
    for (const [name, content] of [
      ['cut', bytes.subarray(0, bytes.length - 30)],
      ['empty', Buffer.alloc(0)],
      ['text', Buffer.from('not a zip at all, but long enough to hold an end record')],
    ] as const) {
      const torn = join(temporaryFolder(), `${name}.karst`);
      writeFileSync(torn, content);
      const error = await refusal(unpackKarstFile(torn, `${torn}.out`), 'file-damaged');
      expect(error.message).toContain(`${torn} cannot be read as a .karst file`);
    }
  });

  it('says what a zip without an adapter in a folder lacks', async () => {
    const bare = ADAPTER.map((entry) => ({ ...entry, name: entry.name.replace('gulls/', '') }));
    expect(await refusedWith(bare, 'format-unknown')).toContain('holds no adapter');
    expect(await refusedWith([], 'format-unknown')).toContain('holds no adapter');
  });

  it('can be cancelled, and overwrites nothing', async () => {
    const path = written(ADAPTER);
    const place = temporaryFolder();
    const abort = new AbortController();
    await refusal(
      unpackKarstFile(path, join(place, 'out'), {
        signal: abort.signal,
        onBytes: () => abort.abort(),
      }),
      'cancelled',
    );
    expect(readdirSync(place)).toEqual([]);
    mkdirSync(join(place, 'out'));
    await refusal(unpackKarstFile(path, join(place, 'out')), 'name-taken');
  });
});

describe('telling one from a folder or another file', () => {
  it('goes by the ending or by how it begins', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.zip'), zipOf(ADAPTER));
    writeFileSync(join(folder, 'y.karst'), 'damaged');
    writeFileSync(join(folder, 'z.json'), '{}');
    mkdirSync(join(folder, 'folder.karst'));
    expect(await isKarstFile(join(folder, 'x.zip'))).toBe(true);
    expect(await isKarstFile(join(folder, 'y.karst'))).toBe(true);
    expect(await isKarstFile(join(folder, 'z.json'))).toBe(false);
    expect(await isKarstFile(join(folder, 'folder.karst'))).toBe(false);
    expect(await isKarstFile(join(folder, 'none'))).toBe(false);
  });

  it.runIf(CAN_MAKE_PIPES)('waits for no pipe', async () => {
    const folder = temporaryFolder();
    const named = makePipe(join(folder, 'x.karst'));
    expect(await isKarstFile(named)).toBe(true);
    const error = await refusal(unpackKarstFile(named, join(folder, 'out')), 'not-readable');
    expect(error.message).toBe(`Cannot read ${named}: it is a pipe, not a file.`);
    await refusal(isKarstFile(makePipe(join(folder, 'y'))), 'not-readable');
  });
});
