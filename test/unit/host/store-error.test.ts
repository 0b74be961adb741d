import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { storeError } from '../../../main/host/store/library.ts';
import { temporaryFolder } from './support.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

const told = (code: string, freeBytes: number): unknown => {
  const error = new Database.SqliteError('disk I/O error', code);
  const report = storeError(
    error,
    '/home/library.sqlite',
    () => '',
    () => freeBytes,
  );
  return report instanceof KarstError ? [report.code, report.message] : report;
};

describe('an input/output error of the library', () => {
  it('is a full disk where nothing is free', () => {
    // The SQLite error for a log index that cannot grow.
    expect(told('SQLITE_IOERR_SHMSIZE', 0)).toEqual([
      'not-writable',
      'The library /home/library.sqlite cannot grow: the disk is full.',
    ]);
  });

  it('is told as it is where there is room', () => {
    expect(told('SQLITE_IOERR_SHMSIZE', 2 ** 30)).toEqual([
      'not-readable',
      'The library /home/library.sqlite cannot be read or written: disk I/O error (SQLITE_IOERR_SHMSIZE).',
    ]);
  });
});

it('is damage where the header has a schema format that there is not', () => {
  const path = join(temporaryFolder(), 'library.sqlite');
  const whole = new Database(path);
  whole.exec('CREATE TABLE things (name TEXT)');
  whole.close();
  const bytes = readFileSync(path);
  // Bytes 44 to 47 of the header: 1 to 4 (SQLite's file format, 1.3.10).
  bytes.writeUInt32BE(9, 44);
  writeFileSync(path, bytes);
  const bent = new Database(path);
  try {
    bent.prepare('SELECT count(*) FROM things');
    expect.unreachable();
  } catch (error) {
    const report = storeError(error, path, () => 'the way out');
    expect(report).toMatchObject({ code: 'store-damaged', hint: 'the way out', path });
  } finally {
    bent.close();
  }
});
