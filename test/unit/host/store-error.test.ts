import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { storeError } from '../../../main/host/store/library.ts';
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
