import { mkdirSync, readdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readError, syncFolder, writeError } from '../../formats/files.ts';
import { temporaryName } from '../../formats/temporary-files.ts';
import type { HomeFolders } from '../home.ts';
import { isOwnerAlive, type Owner } from '../owner.ts';
import { readLibraryHeader, type LibraryHeader } from './library-header.ts';
import { Library, storeError } from './library.ts';
import { copyLibrary, isReadOnly, type LibraryCopy } from './read-only-home.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';

/** "KRST": our application id, so that another program's database is not migrated by mistake. */
const APPLICATION_ID = 0x4b525354;
const BUSY_TIMEOUT_MS = 10_000;

export interface OpenedLibrary {
  readonly library: Library;
  /** What was done while opening, in sentences. */
  readonly notices: readonly string[];
  /** Whether an earlier studio was killed. */
  readonly unclean: boolean;
  /** For a read-only home: the copy that is opened, made read-only once prepared. */
  readonly copy: LibraryCopy | null;
}

/** Path of the newest backup in the folder; null if there is none. */
function newestBackup(folder: string): string | null {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw readError(folder, error);
  }
  const last = names
    .filter((n) => /^library-.*\.sqlite$/.test(n))
    .sort()
    .at(-1);
  return last === undefined ? null : join(folder, last);
}

function wayOut(folders: HomeFolders): string {
  const backup = newestBackup(folders.backups);
  const aside = `Move ${folders.library} away`;
  return backup === null
    ? `${aside} (there is no backup) to begin a new library; runs and adapters keep their files beside it.`
    : `${aside} and copy the newest backup, ${backup}, into its place.`;
}

const versionOf = (db: Database.Database): number =>
  db.pragma('user_version', { simple: true }) as number;

/** Writes a consistent copy of the database, fsynced. */
async function backUp(
  db: Database.Database,
  folders: HomeFolders,
  version: number,
): Promise<string> {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const target = join(folders.backups, `library-${stamp}-v${version}.sqlite`);
  const temporary = temporaryName(target);
  try {
    mkdirSync(folders.backups, { recursive: true });
    await db.backup(temporary);
    const file = await open(temporary, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof Database.SqliteError
      ? storeError(error, folders.library, () => wayOut(folders))
      : writeError(target, error);
  }
  await syncFolder(folders.backups);
  return target;
}

const ofAnotherProgram = ({ library }: HomeFolders): KarstError =>
  new KarstError('format-unsupported', `${library} is a database of another program.`, {
    hint: 'Choose another home.',
    option: '--home',
    path: library,
  });

/** @throws format-unsupported for another program's file and a newer schema */
function requireOurs(folders: HomeFolders, header: LibraryHeader, newest: number): void {
  const { applicationId, userVersion } = header;
  if (applicationId !== APPLICATION_ID && (applicationId !== 0 || userVersion !== 0))
    throw ofAnotherProgram(folders);
  if (userVersion > newest)
    throw new KarstError(
      'format-unsupported',
      `The library ${folders.library} was written by a newer version of KARST Studio: it has schema version ${userVersion}, and this version knows those up to ${newest}.`,
      {
        hint: 'Update KARST Studio, or choose another home.',
        option: '--home',
        path: folders.library,
      },
    );
}

/**
 * Migrates the schema, one transaction per step. Two hosts may do this concurrently: each checks
 * again under the lock.
 */
async function migrate(
  db: Database.Database,
  folders: HomeFolders,
  migrations: readonly Migration[],
  notices: string[],
  copied: boolean,
): Promise<void> {
  const isNew = versionOf(db) === 0;
  for (const migration of migrations) {
    const before = versionOf(db);
    if (before >= migration.version) continue;
    const backup = isNew || copied ? null : await backUp(db, folders, before);
    db.transaction(() => {
      if (versionOf(db) >= migration.version) return;
      migration.up(db);
      db.pragma(`user_version = ${migration.version}`);
      if (before === 0) db.pragma(`application_id = ${APPLICATION_ID}`);
    }).immediate();
    if (backup !== null)
      notices.push(
        `The library was brought to version ${migration.version} (${migration.name}); the state before is kept as ${backup}.`,
      );
  }
}

/**
 * Checks the whole file after an unclean stop and removes the dead sessions. Returns whether there
 * was one.
 */
function checkAfterUncleanStop(
  db: Database.Database,
  folders: HomeFolders,
  notices: string[],
): boolean {
  const owners = db.prepare('SELECT owner FROM sessions').pluck().all() as Owner[];
  const dead = owners.filter((owner) => !isOwnerAlive(owner));
  if (dead.length === 0) return false;
  const findings = db.pragma('integrity_check(10)') as { integrity_check: string }[];
  const foreign = db.pragma('foreign_key_check') as { table: string }[];
  const problems = findings
    .map((f) => f.integrity_check)
    .filter((f) => f !== 'ok')
    .concat(foreign.slice(0, 10).map((f) => `a row of ${f.table} refers to nothing`));
  if (problems.length > 0)
    throw new KarstError(
      'store-damaged',
      `The library ${folders.library} is damaged: ${problems.join('; ')}.`,
      { hint: wayOut(folders), path: folders.library },
    );
  const forget = db.prepare('DELETE FROM sessions WHERE owner = ?');
  for (const owner of dead) forget.run(owner);
  notices.push(
    'The studio did not close properly last time; the library was checked and is intact.',
  );
  return true;
}

/**
 * Opens (or creates) `library.sqlite`: WAL, `synchronous = FULL`, foreign keys; refuses a newer
 * schema and another program's file, checks the integrity after an unclean stop, migrates with a
 * backup before each step. A read-only home is opened by a copy of its library.
 * @param owner registered as having the library open until `closeLibrary`
 * @throws store-damaged, format-unsupported (newer schema), not-writable, not-readable, in-use
 */
export async function openLibrary(
  folders: HomeFolders,
  owner: Owner,
  migrations: readonly Migration[] = MIGRATIONS,
  readOnly = isReadOnly(folders),
): Promise<OpenedLibrary> {
  try {
    mkdirSync(folders.root, { recursive: true });
  } catch (error) {
    throw writeError(folders.root, error);
  }
  const notices: string[] = [];
  let db: Database.Database | null = null;
  let copy: LibraryCopy | null = null;
  try {
    const newest = migrations.at(-1)?.version ?? 0;
    const header = readLibraryHeader(folders.library);
    if (header !== null) requireOurs(folders, header, newest);
    if (readOnly) copy = await copyLibrary(folders);
    db = new Database(copy?.path ?? folders.library, { timeout: BUSY_TIMEOUT_MS });
    const version = versionOf(db);
    // Another program may have created it since; a file without versions but with content is
    // another program's.
    requireOurs(
      folders,
      {
        userVersion: version,
        applicationId: db.pragma('application_id', { simple: true }) as number,
      },
      newest,
    );
    const tables = db.prepare('SELECT count(*) FROM sqlite_master').pluck().get() as number;
    if (version === 0 && tables > 0) throw ofAnotherProgram(folders);
    // Not earlier: this writes to the file.
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    const unclean = version > 0 && checkAfterUncleanStop(db, folders, notices);
    await migrate(db, folders, migrations, notices, copy !== null);
    db.prepare('INSERT INTO sessions (owner, opened_at) VALUES (?, ?)').run(
      owner,
      new Date().toISOString(),
    );
    if (copy !== null)
      notices.push(
        `The home ${folders.root} is read-only: viewing and predicting work, but nothing is stored.`,
      );
    const library = new Library(db, () => wayOut(folders), folders.library);
    return { library, notices, unclean, copy };
  } catch (error) {
    db?.close();
    copy?.remove();
    throw storeError(error, folders.library, () => wayOut(folders));
  }
}

/** Unregisters the owner (a clean stop) and closes the file. */
export function closeLibrary(library: Library, owner: Owner): void {
  if (!library.readOnly) library.run('DELETE FROM sessions WHERE owner = @owner', { owner });
  library.close();
}
