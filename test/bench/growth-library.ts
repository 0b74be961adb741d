import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFolders } from '../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../main/host/owner.ts';
import { AdapterRepository } from '../../main/host/store/adapters.ts';
import type { Library } from '../../main/host/store/library.ts';
import { NoteRepository } from '../../main/host/store/notes.ts';
import { closeLibrary, openLibrary } from '../../main/host/store/open-library.ts';
import { TagRepository } from '../../main/host/store/tags.ts';
import type { AdapterFilter } from '../../shared/contract/window/adapters.ts';
import { waitForQuiet } from './machine.ts';
import { median } from './statistics.ts';
import { markdownTable, type Section } from './table.ts';

/** Query time for one page of the adapter library, by query and number of adapters. */
export interface LibraryRow {
  readonly adapters: number;
  readonly what: string;
  /** Adapters that match the query. */
  readonly found: number;
  readonly medianMs: number;
  readonly longestMs: number;
}

const COUNTS = [1_000, 10_000];
const REPEATS = 25;
const PATIENCE_MS = 30_000;
/** Rows that a window requests at once. */
const PAGE = 100;
const ALL: AdapterFilter = { search: '', tags: [], method: null, backboneId: null, sort: 'newest' };
const QUESTIONS: readonly (readonly [string, Partial<AdapterFilter>])[] = [
  ['no search', {}],
  ['no search, by name', { sort: 'name' }],
  ['a word in nearly all: `vit`', { search: 'vit' }],
  ['a part of some classes: `wren`', { search: 'wren' }],
  ['two words, by accuracy: `wren tiny`', { search: 'wren tiny', sort: 'top1' }],
  ['one adapter’s number: `survey-0777`', { search: 'survey-0777' }],
  ['one Chinese character: `鹭`', { search: '鹭' }],
  ['nothing found: `zeppelin`', { search: 'zeppelin' }],
  ['a word within a tag: `coast` in `best`', { search: 'coast', tags: ['best'] }],
];
const BIRDS = [
  'wren',
  'gull',
  'tern',
  'heron',
  'dunlin',
  'curlew',
  'siskin',
  'linnet',
  '白鹭',
  '海鸥',
];
const SIZES = ['tiny', 'small', 'base'];
const DATASETS = 500;
const KINDS = ['grey', 'little', 'common', 'northern', 'red-backed', 'great', 'marsh', 'sand'];

export async function measureLibrary(say: (line: string) => void): Promise<Section> {
  const rows: LibraryRow[] = [];
  for (const adapters of COUNTS) rows.push(...(await measureAt(adapters)));
  for (const { adapters, what, medianMs } of rows)
    say(`${adapters.toLocaleString('en')} adapters, ${what}: ${medianMs.toFixed(1)} ms`);
  const markdown = markdownTable(
    ['a page of 100 adapters', 'adapters', 'found', 'median', 'longest'],
    rows.map((row) => [
      row.what,
      row.adapters.toLocaleString('en'),
      row.found.toLocaleString('en'),
      `${row.medianMs.toFixed(1)} ms`,
      `${row.longestMs.toFixed(1)} ms`,
    ]),
  );
  return { results: rows, markdown };
}

async function measureAt(count: number): Promise<LibraryRow[]> {
  const home = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  const owner = newOwner();
  try {
    const { library } = await openLibrary(homeFolders(home), owner);
    const adapters = furnish(library, count);
    const rows: LibraryRow[] = [];
    for (const [what, changes] of QUESTIONS) {
      const filter = { ...ALL, ...changes };
      await waitForQuiet(PATIENCE_MS);
      const { total } = adapters.page(filter, 0, PAGE);
      const times = Array.from({ length: REPEATS }, () => {
        const began = performance.now();
        adapters.page(filter, 0, PAGE);
        return performance.now() - began;
      });
      rows.push({
        ...{ adapters: count, what, found: total },
        ...{ medianMs: median(times), longestMs: Math.max(...times) },
      });
    }
    closeLibrary(library, owner);
    return rows;
  } finally {
    releaseOwner(owner);
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * Adapters of 500 datasets with ten to a hundred classes each; all have tags, every third has a
 * note.
 */
function furnish(library: Library, count: number): AdapterRepository {
  const tags = new TagRepository(library);
  const notes = new NoteRepository(library);
  const adapters = new AdapterRepository(library, tags, (id) => join('adapters', id));
  library.transaction(() => {
    for (let i = 0; i < count; i++) {
      const id = `ad-${String(i).padStart(6, '0')}`;
      adapters.insert({
        ...{ id, name: `survey-${String(i).padStart(4, '0')} of the north slope`, method: 'karst' },
        ...{ backboneId: null, backboneName: `vit ${SIZES[i % SIZES.length] ?? ''} patch16 224` },
        ...{ backboneSha256: '', runId: null, parentId: null, classes: classesOf(i % DATASETS) },
        ...{ adapterParameters: 10, headParameters: 2, bytes: 100_000 + ((i * 7919) % 50_000) },
        ...{ top1: ((i * 31) % 1000) / 1000, loss: 1 },
        createdAt: new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString(),
      });
      tags.add(id, [i % 5 === 0 ? 'best' : 'draft', i % 7 === 0 ? 'coast' : 'inland']);
      if (i % 3 === 0) notes.write(id, `Run ${String(i)}: of the valley, foggy mornings left out.`);
      adapters.refreshSearch(id);
    }
  });
  return adapters;
}

function classesOf(dataset: number): string[] {
  return Array.from({ length: 10 + 10 * (dataset % 10) }, (_, k) => {
    const kind = KINDS[(k + dataset) % KINDS.length] ?? '';
    const bird = BIRDS[(k * (1 + (dataset % 10))) % BIRDS.length] ?? '';
    return `${kind} ${bird} ${String(dataset)}-${String(k)}`;
  });
}
