import { createHash } from 'node:crypto';
import { closeSync, readFileSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  copyFileAtomic,
  openFile,
  openFileSync,
  readTextFile,
  readWholeFile,
  sha256OfFile,
  syncFolder,
  writeFileAtomic,
  writeFolderAtomic,
} from '../../../main/formats/files.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';

type Write = (this: FileHandle, bytes: Uint8Array, ...rest: number[]) => Promise<unknown>;

let dir: string;
let prototype: FileHandle;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'karst-files-'));
  const handle = await open(dir, 'r');
  prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true, force: true });
});

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

async function failure(promise: Promise<unknown>): Promise<KarstError> {
  const error = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(KarstError);
  return error as KarstError;
}

async function atOnce(path: string): Promise<number> {
  return Promise.resolve(openFileSync(path));
}

describe('writeFileAtomic', () => {
  test('writes text, bytes and chunks, and replaces what was there', async () => {
    const path = join(dir, 'ünï code.txt');
    await writeFileAtomic(path, 'grün');
    expect(await readFile(path, 'utf8')).toBe('grün');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    await writeFileAtomic(path, async (append) => {
      await append(Uint8Array.of(4));
      await append(new Uint8Array(0));
      await append(Uint8Array.of(5, 6));
    });
    expect([...(await readFile(path))]).toEqual([4, 5, 6]);
    expect(await readdir(dir)).toEqual(['ünï code.txt']);
  });

  test('spares a file that exists, or appears meanwhile, when it is not to be replaced', async () => {
    const path = join(dir, 'table.csv');
    const write = (text: string) =>
      writeFileAtomic(path, (append) => append(Buffer.from(text)), { replace: false });
    await write('first');
    expect(await failure(write('second'))).toMatchObject({ code: 'name-taken', path });
    await rm(path);
    const meanwhile = writeFileAtomic(
      path,
      async (append) => {
        await append(Buffer.from('ours'));
        await writeFile(path, 'theirs');
      },
      { replace: false },
    );
    expect(await failure(meanwhile)).toMatchObject({ code: 'name-taken', path });
    expect(await readFile(path, 'utf8')).toBe('theirs');
    expect(await readdir(dir)).toEqual(['table.csv']);
  });

  test('goes on after a short write', async () => {
    const original = prototype.write as unknown as Write;
    vi.spyOn(prototype, 'write').mockImplementation(function (
      this: FileHandle,
      bytes: Uint8Array,
      offset: number,
      length: number,
    ) {
      return original.call(this, bytes, offset, Math.min(length, 3));
    } as never);
    const path = join(dir, 'short');
    await writeFileAtomic(path, '0123456789');
    expect(await readFile(path, 'utf8')).toBe('0123456789');
  });

  for (const [operation, code, words] of [
    ['write', 'ENOSPC', 'the disk is full'],
    ['write', 'EIO', 'the disk reports an input/output error'],
    ['sync', 'ENOSPC', 'the disk is full'],
    ['sync', 'EDQUOT', 'the disk quota is used up'],
  ] as const) {
    test(`${code} in ${operation} is told, leaves the old file and no temporary one`, async () => {
      const path = join(dir, 'kept.json');
      await writeFile(path, 'old');
      vi.spyOn(prototype, operation).mockRejectedValueOnce(systemError(code));
      const error = await failure(writeFileAtomic(path, 'new'));
      expect(error.code).toBe('not-writable');
      expect(error.path).toBe(path);
      expect(error.message).toBe(`Cannot write ${path}: ${words}.`);
      expect(await readFile(path, 'utf8')).toBe('old');
      expect(await readdir(dir)).toEqual(['kept.json']);
    });
  }

  test('a disk that fills up half-way leaves the old file', async () => {
    const path = join(dir, 'kept');
    await writeFile(path, 'old');
    const original = prototype.write as unknown as Write;
    let calls = 0;
    vi.spyOn(prototype, 'write').mockImplementation(function (
      this: FileHandle,
      ...args: [Uint8Array, ...number[]]
    ) {
      if (++calls === 3) return Promise.reject(systemError('ENOSPC'));
      return original.apply(this, args);
    } as never);
    const error = await failure(
      writeFileAtomic(path, async (append) => {
        for (let i = 0; i < 5; i++) await append(new Uint8Array(1000));
      }),
    );
    expect(error.code).toBe('not-writable');
    expect(calls).toBe(3);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(dir)).toEqual(['kept']);
  });

  test('what the writing function throws comes through unchanged', async () => {
    const path = join(dir, 'a');
    const thrown = new Error('no tensor of that name');
    await expect(
      writeFileAtomic(path, async (append) => {
        await append(Uint8Array.of(1));
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    expect(await readdir(dir)).toEqual([]);
  });

  test('a folder that is missing or a target that is a folder is told', async () => {
    const missing = join(dir, 'none', 'a.txt');
    const error = await failure(writeFileAtomic(missing, 'x'));
    expect(error.message).toBe(`Cannot write ${missing}: there is no such file or folder.`);
    await mkdir(join(dir, 'folder'));
    expect((await failure(writeFileAtomic(join(dir, 'folder'), 'x'))).code).toBe('not-writable');
    expect(await readdir(dir)).toEqual(['folder']);
  });
});

describe('writeFolderAtomic', () => {
  test('makes a folder with everything in it', async () => {
    const target = join(dir, 'adapter');
    await writeFolderAtomic(target, async (temporary) => {
      expect(await readdir(dir)).not.toContain('adapter');
      await mkdir(join(temporary, 'inner'));
      await writeFile(join(temporary, 'inner', 'a'), '1');
      await writeFile(join(temporary, 'b'), '2');
    });
    expect(await readFile(join(target, 'inner', 'a'), 'utf8')).toBe('1');
    expect(await readdir(dir)).toEqual(['adapter']);
  });

  test('refuses a folder that exists, even an empty one or one that appears meanwhile', async () => {
    const target = join(dir, 'adapter');
    await mkdir(target);
    const fill = vi.fn(async () => undefined);
    expect((await failure(writeFolderAtomic(target, fill))).code).toBe('name-taken');
    expect(fill).not.toHaveBeenCalled();
    const other = join(dir, 'other');
    const error = await failure(
      writeFolderAtomic(other, async () => {
        await mkdir(other);
      }),
    );
    expect(error.code).toBe('name-taken');
    expect((await readdir(dir)).sort()).toEqual(['adapter', 'other']);
  });

  test('leaves nothing when filling or syncing fails', async () => {
    const target = join(dir, 'adapter');
    await expect(
      writeFolderAtomic(target, async (temporary) => {
        await writeFile(join(temporary, 'a'), '1');
        throw new Error('half-way');
      }),
    ).rejects.toThrow('half-way');
    expect(await readdir(dir)).toEqual([]);
    vi.spyOn(prototype, 'sync').mockRejectedValueOnce(systemError('EIO'));
    const error = await failure(
      writeFolderAtomic(target, (temporary) => writeFile(join(temporary, 'a'), '1')),
    );
    expect(error.code).toBe('not-writable');
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('syncFolder', () => {
  test('tells of a folder that is missing', async () => {
    await syncFolder(dir);
    expect((await failure(syncFolder(join(dir, 'none')))).code).toBe('not-writable');
  });
});

describe('sha256OfFile', () => {
  test('agrees with a hash of the whole and reports its bytes', async () => {
    const path = join(dir, 'big');
    const bytes = Buffer.alloc(2_500_000, 'karst');
    await writeFile(path, bytes);
    let seen = 0;
    expect(await sha256OfFile(path, (n) => (seen += n))).toBe(
      createHash('sha256').update(bytes).digest('hex'),
    );
    expect(seen).toBe(bytes.length);
    await writeFile(path, '');
    expect(await sha256OfFile(path)).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  test('tells what is missing and what is no file', async () => {
    const missing = await failure(sha256OfFile(join(dir, 'none')));
    expect([missing.code, missing.message]).toEqual([
      'not-found',
      `Cannot read ${join(dir, 'none')}: there is no such file or folder.`,
    ]);
    expect((await failure(sha256OfFile(dir))).message).toBe(`Cannot read ${dir}: it is a folder.`);
    await symlink(join(dir, 'loop'), join(dir, 'loop'));
    expect((await failure(sha256OfFile(join(dir, 'loop')))).code).toBe('not-readable');
  });
});

describe.runIf(CAN_MAKE_PIPES)('what is no plain file', () => {
  /** One file of each kind, with the expected reason for refusing it. */
  async function others(): Promise<[path: string, reason: string][]> {
    const pipe = makePipe(join(dir, 'pipe.png'));
    const socket = join(dir, 'socket.png');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    const folder = join(dir, 'folder.png');
    await mkdir(folder);
    const link = join(dir, 'link.png');
    await symlink(pipe, link);
    return [
      [pipe, 'it is a pipe, not a file'],
      [link, 'it is a pipe, not a file'],
      [socket, 'it is a socket, not a file'],
      ['/dev/zero', 'it is a device, not a file'],
      [folder, 'it is a folder'],
    ];
  }

  test('is refused at once by everything that reads', async () => {
    for (const [path, reason] of await others()) {
      const refusals = [
        await failure(openFile(path)),
        await failure(readWholeFile(path)),
        await failure(readTextFile(path)),
        await failure(sha256OfFile(path)),
        await failure(copyFileAtomic(path, join(dir, 'copy'))),
        await failure(atOnce(path)),
      ];
      for (const { code, message, path: named } of refusals)
        expect([code, message, named]).toEqual([
          'not-readable',
          `Cannot read ${path}: ${reason}.`,
          path,
        ]);
    }
    expect((await readdir(dir)).sort()).toEqual([
      'folder.png',
      'link.png',
      'pipe.png',
      'socket.png',
    ]);
  });

  test('leaves plain files, and links to them, as they are', async () => {
    const path = join(dir, 'plain');
    await writeFile(path, 'grün');
    await symlink(path, join(dir, 'to plain'));
    for (const name of [path, join(dir, 'to plain')]) {
      expect(await readTextFile(name)).toBe('grün');
      const handle = await openFile(name);
      expect((await handle.read(Buffer.alloc(2), 0, 2, 0)).buffer.toString()).toBe('gr');
      await handle.close();
      const file = openFileSync(name);
      expect(readFileSync(file, 'utf8')).toBe('grün');
      closeSync(file);
    }
  });

  test('is told apart from what is missing or too large', async () => {
    const path = join(dir, 'large');
    await writeFile(path, new Uint8Array(3 * 2 ** 20));
    const error = await failure(readWholeFile(path, 2 * 2 ** 20));
    expect([error.code, error.message]).toEqual([
      'format-unsupported',
      `${path} is larger than 2.1 MB.`,
    ]);
    for (const gone of [join(dir, 'gone'), join(path, 'below a file')]) {
      expect((await failure(openFile(gone))).code).toBe('not-found');
      expect((await failure(atOnce(gone))).code).toBe('not-found');
    }
    await symlink('circle', join(dir, 'circle'));
    const circle = await failure(openFile(join(dir, 'circle')));
    expect(circle.message).toContain('its links lead in a circle');
  });
});
