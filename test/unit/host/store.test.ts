import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { homeFolders } from '../../../main/host/home.ts';
import { isOwnerAlive, newOwner, releaseOwner } from '../../../main/host/owner.ts';
import { MIGRATIONS } from '../../../main/host/store/migrations/index.ts';
import type { Library } from '../../../main/host/store/library.ts';
import { readLibraryHeader } from '../../../main/host/store/library-header.ts';
import { closeLibrary, openLibrary } from '../../../main/host/store/open-library.ts';
import { nearNames, newId } from '../../../main/host/store/names.ts';
import { ProjectRepository } from '../../../main/host/store/projects.ts';
import { NoteRepository } from '../../../main/host/store/notes.ts';
import { refusal, temporaryFolder } from './support.ts';

const projectsIn = (library: Library): ProjectRepository =>
  new ProjectRepository(library, new NoteRepository(library));

/** Opens the library, runs `work` and closes it. */
async function withLibrary<T>(home: string, work: (library: Library) => T): Promise<Awaited<T>> {
  const owner = newOwner();
  const { library } = await openLibrary(homeFolders(home), owner);
  try {
    return await work(library);
  } finally {
    closeLibrary(library, owner);
    releaseOwner(owner);
  }
}

/** A library at an earlier schema version, as created by an earlier release. */
async function libraryAt(version: number): Promise<string> {
  const home = temporaryFolder();
  const owner = newOwner();
  const { library } = await openLibrary(homeFolders(home), owner, MIGRATIONS.slice(0, version));
  closeLibrary(library, owner);
  releaseOwner(owner);
  return home;
}

/** Bytes and modification time of every file in a home. */
const stateOf = (home: string): unknown =>
  readdirSync(home)
    .sort()
    .map((name) => {
      const path = join(home, name);
      return [name, statSync(path).mtimeMs, readFileSync(path).toString('base64')];
    });

const raw = (home: string): Database.Database => new Database(homeFolders(home).library);
const tables = (db: Database.Database): string[] =>
  db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .pluck()
    .all() as string[];

describe('a new library', () => {
  it('is in WAL mode, keeps foreign keys and has strict tables alone', async () => {
    const home = temporaryFolder();
    await withLibrary(home, (library) => {
      expect(library.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
      expect(library.get('PRAGMA synchronous')).toEqual({ synchronous: 2 });
      expect(library.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
      expect(library.get('PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
      expect(
        library.all(
          "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
        ),
      ).toEqual([]);
    });
  });

  it('makes no backup, as there is nothing to lose', async () => {
    const home = temporaryFolder();
    await withLibrary(home, () => undefined);
    expect(readdirSync(home)).toEqual(['library.sqlite']);
  });

  it('numbers the migrations without gaps', () => {
    expect(MIGRATIONS.map((m) => m.version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
  });
});

describe('each migration', () => {
  const added: Record<number, string[]> = {
    1: ['notes', 'projects', 'sessions'],
    2: ['backbones'],
    3: ['classes', 'datasets', 'images', 'problems'],
    4: ['metrics', 'runs'],
    5: ['adapters', 'tags'],
    6: ['evaluations', 'exports', 'merges'],
    7: ['image_counts', 'project_datasets'],
    8: ['step_times'],
    9: ['adapter_search', 'bin', 'evaluation_images'],
    10: ['settings'],
    11: [],
    12: ['search_texts'],
    13: [],
    14: ['further_counts', 'further_labels'],
    15: ['class_events', 'class_sources', 'dataset_sources'],
    16: [],
    17: [],
  };
  it.each(MIGRATIONS.map((m) => [m.version, m.name] as const))(
    '%i (%s) adds its tables and nothing else',
    async (version) => {
      const before = version === 1 ? [] : tables(raw(await libraryAt(version - 1)));
      const after = tables(raw(await libraryAt(version)));
      expect(after.filter((t) => !before.includes(t))).toEqual(added[version]);
      expect(before.filter((t) => !after.includes(t))).toEqual([]);
    },
  );

  it.each(MIGRATIONS.slice(1).map((m) => m.version))(
    'to %i keeps what is there and backs it up before',
    async (version) => {
      const home = await libraryAt(version - 1);
      const db = raw(home);
      db.prepare(
        "INSERT INTO projects (id, name, created_at) VALUES ('pr-1', 'seaside', '2026-01-01')",
      ).run();
      db.close();
      const owner = newOwner();
      const opened = await openLibrary(homeFolders(home), owner, MIGRATIONS.slice(0, version));
      expect(opened.library.all('SELECT name FROM projects')).toEqual([{ name: 'seaside' }]);
      expect(opened.notices).toEqual([expect.stringContaining(`version ${version}`)]);
      closeLibrary(opened.library, owner);
      const backups = readdirSync(homeFolders(home).backups);
      expect(backups).toHaveLength(1);
      const backup = new Database(join(homeFolders(home).backups, backups[0] ?? ''));
      expect(backup.pragma('user_version', { simple: true })).toBe(version - 1);
      expect(backup.prepare('SELECT name FROM projects').all()).toEqual([{ name: 'seaside' }]);
      backup.close();
    },
  );

  it('leaves the old schema when a step fails', async () => {
    const home = await libraryAt(2);
    const failing = {
      version: 3,
      name: 'fails half way',
      up: (db: Database.Database) => {
        db.exec('CREATE TABLE half (x INTEGER) STRICT');
        throw new Error('power');
      },
    };
    const owner = newOwner();
    await expect(
      openLibrary(homeFolders(home), owner, [...MIGRATIONS.slice(0, 2), failing]),
    ).rejects.toThrow('power');
    releaseOwner(owner);
    const db = raw(home);
    expect(db.pragma('user_version', { simple: true })).toBe(2);
    expect(tables(db)).not.toContain('half');
    db.close();
    await withLibrary(home, (library) =>
      expect(library.get('PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length }),
    );
  });

  it('is done once when two hosts open an old library at the same time', async () => {
    const home = await libraryAt(1);
    const results = await Promise.all([
      withLibrary(home, (l) => l.get('PRAGMA user_version')),
      withLibrary(home, (l) => l.get('PRAGMA user_version')),
    ]);
    expect(results).toEqual(Array(2).fill({ user_version: MIGRATIONS.length }));
  });
});

describe('a library that cannot be opened', () => {
  it('of a newer version is refused before anything is written', async () => {
    const home = temporaryFolder();
    await withLibrary(home, () => undefined);
    const db = raw(home);
    db.pragma('user_version = 999');
    db.close();
    const before = stateOf(home);
    const error = await refusal(
      withLibrary(home, () => undefined),
      'format-unsupported',
    );
    expect(error.message).toContain('written by a newer version');
    expect(error.message).toContain('schema version 999');
    expect(error.hint).toContain('Update');
    expect(stateOf(home)).toEqual(before);
  });

  it('of a newer version is refused, too, when only its log says so', async () => {
    const newer = temporaryFolder();
    await withLibrary(newer, () => undefined);
    const db = raw(newer);
    db.pragma('journal_mode = WAL');
    db.pragma('wal_autocheckpoint = 0');
    db.exec('CREATE TABLE later (x)');
    db.pragma('user_version = 998');
    db.exec('BEGIN');
    db.exec('INSERT INTO later VALUES (1)');
    db.exec('COMMIT');
    db.pragma('user_version = 999');
    // The state after a kill.
    const home = temporaryFolder();
    for (const end of ['', '-wal'])
      copyFileSync(`${homeFolders(newer).library}${end}`, `${homeFolders(home).library}${end}`);
    db.close();
    expect(readLibraryHeader(homeFolders(home).library)).toMatchObject({ userVersion: 999 });
    const before = stateOf(home);
    const error = await refusal(
      withLibrary(home, () => undefined),
      'format-unsupported',
    );
    expect(error.message).toContain('schema version 999');
    expect(stateOf(home)).toEqual(before);
  });

  it.each(['PRAGMA user_version = 3', 'PRAGMA application_id = 7', 'SELECT 1'])(
    'of another program is refused and left as it is: %s',
    async (sql) => {
      const home = temporaryFolder();
      const db = raw(home);
      db.exec(`CREATE TABLE bookmarks (url TEXT); ${sql}`);
      db.close();
      const before = stateOf(home);
      const error = await refusal(
        withLibrary(home, () => undefined),
        'format-unsupported',
      );
      expect(error.message).toContain('another program');
      expect(stateOf(home)).toEqual(before);
    },
  );

  it('is named together with the newest backup when it is no database at all', async () => {
    const home = temporaryFolder();
    await withLibrary(home, () => undefined);
    const { library, backups } = homeFolders(home);
    mkdirSync(backups, { recursive: true });
    for (const stamp of ['2026-01-01', '2026-02-01'])
      copyFileSync(library, join(backups, `library-${stamp}-v5.sqlite`));
    writeFileSync(
      library,
      'this was overwritten by something else, at least a page of it'.repeat(100),
    );
    const error = await refusal(
      withLibrary(home, () => undefined),
      'store-damaged',
    );
    expect(error.message).toContain(library);
    expect(error.hint).toContain(join(backups, 'library-2026-02-01-v5.sqlite'));
  });

  it('that lost its end after an unclean stop is found out', async () => {
    const home = temporaryFolder();
    await withLibrary(home, (library) => {
      for (let i = 0; i < 2000; i++) projectsIn(library).insert(`project ${i}`);
    });
    const db = raw(home);
    db.prepare('INSERT INTO sessions VALUES (?, ?)').run('999999999:1:dead', '2026-01-01');
    db.pragma('journal_mode = DELETE');
    db.close();
    truncateSync(homeFolders(home).library, 4096 * 20);
    const error = await refusal(
      withLibrary(home, () => undefined),
      'store-damaged',
    );
    expect(error.hint).toContain('there is no backup');
  });
});

describe('after an unclean stop', () => {
  it('the library is checked, and only then', async () => {
    const home = temporaryFolder();
    await withLibrary(home, () => undefined);
    const owner = newOwner();
    const clean = await openLibrary(homeFolders(home), owner);
    expect(clean.notices).toEqual([]);
    clean.library.close();
    releaseOwner(owner);
    const next = newOwner();
    const unclean = await openLibrary(homeFolders(home), next);
    expect(unclean.notices).toEqual([expect.stringContaining('did not close properly')]);
    closeLibrary(unclean.library, next);
    const last = newOwner();
    const again = await openLibrary(homeFolders(home), last);
    expect(again.notices).toEqual([]);
    closeLibrary(again.library, last);
  });

  it('a studio that is open beside this one is no unclean stop', async () => {
    const home = temporaryFolder();
    await withLibrary(home, () => undefined);
    const first = newOwner();
    const one = await openLibrary(homeFolders(home), first);
    const second = newOwner();
    const two = await openLibrary(homeFolders(home), second);
    expect(two.notices).toEqual([]);
    closeLibrary(two.library, second);
    closeLibrary(one.library, first);
  });

  it('finds a row that refers to nothing', async () => {
    const home = temporaryFolder();
    await withLibrary(home, () => undefined);
    const db = raw(home);
    db.pragma('foreign_keys = OFF');
    db.prepare("INSERT INTO tags VALUES ('ad-none', 'lost')").run();
    db.prepare('INSERT INTO sessions VALUES (?, ?)').run('999999999:1:dead', '2026-01-01');
    db.close();
    expect(
      (
        await refusal(
          withLibrary(home, () => undefined),
          'store-damaged',
        )
      ).message,
    ).toContain('a row of tags refers to nothing');
  });
});

describe('failures of the disk', () => {
  it('a full disk is a sentence and nothing is stored', async () => {
    const home = temporaryFolder();
    await withLibrary(home, async (library) => {
      const { page_count: pages } = library.get('PRAGMA page_count') ?? {};
      library.get(`PRAGMA max_page_count = ${Number(pages)}`);
      const projects = projectsIn(library);
      const fill = (): void => {
        library.transaction(() => {
          for (let i = 0; i < 5000; i++) projects.insert(`project ${i}`);
        });
      };
      const error = await refusal(fill, 'not-writable');
      expect(error.message).toContain('disk is full');
      expect(projects.list()).toEqual([]);
    });
  });

  it('a home that is a file is a sentence', async () => {
    const home = join(temporaryFolder(), 'home');
    writeFileSync(home, '');
    await refusal(
      withLibrary(home, () => undefined),
      'not-writable',
    );
  });

  it('a lock that another process holds is a sentence', async () => {
    const home = temporaryFolder();
    await withLibrary(home, async (library) => {
      library.get('PRAGMA busy_timeout = 10');
      const other = raw(home);
      other.exec('BEGIN IMMEDIATE');
      await refusal(() => projectsIn(library).insert('x'), 'in-use');
      other.exec('COMMIT');
      other.close();
    });
  });
});

describe('names and ids', () => {
  it('makes ids that say their kind', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => newId('dataset')));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^ds-[0-9bcdfghjkmnpqrstvwxyz]{6}$/);
  });

  it('finds a project by id and by name, and suggests near names', async () => {
    await withLibrary(temporaryFolder(), async (library) => {
      const projects = projectsIn(library);
      const gulls = projects.insert('gulls');
      projects.insert('terns');
      expect(projects.get(gulls.id)).toEqual(gulls);
      expect(projects.get('gulls')).toEqual(gulls);
      expect((await refusal(() => projects.get('guls'), 'not-found')).hint).toBe(
        'Did you mean "gulls"?',
      );
      expect((await refusal(() => projects.get('albatross'), 'not-found')).hint).toBe(
        'There are "gulls", "terns".',
      );
    });
  });

  it('ranks near names', () => {
    expect(nearNames('hand', ['hands', 'digits', 'sand', 'HAND2'])).toEqual([
      'HAND2',
      'hands',
      'sand',
    ]);
  });

  it('keeps one text a thing', async () => {
    await withLibrary(temporaryFolder(), (library) => {
      const notes = new NoteRepository(library);
      notes.write('ds-1', 'blurred on purpose');
      notes.write('ds-1', 'blurred, all of them');
      expect([notes.of('ds-1'), notes.of('ds-2')]).toEqual(['blurred, all of them', '']);
      notes.write('ds-1', '');
      expect(notes.of('ds-1')).toBe('');
      expect(library.all('SELECT * FROM notes')).toEqual([]);
    });
  });
});

describe('owners', () => {
  it('live as long as their process, and here until they are released', () => {
    const owner = newOwner();
    expect(isOwnerAlive(owner)).toBe(true);
    releaseOwner(owner);
    expect(isOwnerAlive(owner)).toBe(false);
    expect(isOwnerAlive('999999999:1:x')).toBe(false);
    expect(isOwnerAlive('')).toBe(false);
    // Process 1 is running, but started at another time: its number was reused.
    expect(isOwnerAlive('1-123456789-:x')).toBe(false);
    // The format of earlier versions.
    expect(isOwnerAlive('1:123456789:x')).toBe(false);
  });
});
