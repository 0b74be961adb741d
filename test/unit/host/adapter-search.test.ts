import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeFolders } from '../../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../../main/host/owner.ts';
import { AdapterRepository, type NewAdapter } from '../../../main/host/store/adapters.ts';
import { pageStatement } from '../../../main/host/store/adapter-search.ts';
import { BinRepository } from '../../../main/host/store/bin.ts';
import type { Library } from '../../../main/host/store/library.ts';
import { MIGRATIONS } from '../../../main/host/store/migrations/index.ts';
import { NoteRepository } from '../../../main/host/store/notes.ts';
import { closeLibrary, openLibrary } from '../../../main/host/store/open-library.ts';
import { TagRepository } from '../../../main/host/store/tags.ts';
import type { AdapterFilter } from '../../../shared/contract/window/adapters.ts';
import { temporaryFolder } from './support.ts';

let library: Library;
let owner: string;
let tags: TagRepository;
let adapters: AdapterRepository;

beforeEach(async () => {
  owner = newOwner();
  ({ library } = await openLibrary(homeFolders(temporaryFolder()), owner));
  tags = new TagRepository(library);
  adapters = new AdapterRepository(library, tags, (id) => `/adapters/${id}`);
});
afterEach(() => {
  closeLibrary(library, owner);
  releaseOwner(owner);
});

let made = 0;
/** Inserts an adapter that is newer than all previous ones. */
function add(name: string, changes: Partial<NewAdapter> & { tags?: string[]; note?: string } = {}) {
  const { tags: words = [], note = '', ...rest } = changes;
  const id = `ad-${String(++made).padStart(6, '0')}`;
  adapters.insert({
    id,
    name,
    method: 'karst',
    backboneId: null,
    backboneName: 'vit tiny',
    backboneSha256: '',
    runId: null,
    parentId: null,
    classes: ['gull', 'tern'],
    adapterParameters: 10,
    headParameters: 2,
    bytes: 1000,
    top1: 0.5,
    loss: 1,
    createdAt: new Date(Date.UTC(2026, 0, 1) + made * 1000).toISOString(),
    ...rest,
  });
  tags.add(id, words);
  new NoteRepository(library).write(id, note);
  adapters.refreshSearch(id);
  return id;
}

const ALL: AdapterFilter = { search: '', tags: [], method: null, backboneId: null, sort: 'newest' };
const names = (filter: Partial<AdapterFilter>, offset = 0, limit = 100): string[] =>
  adapters.page({ ...ALL, ...filter }, offset, limit).adapters.map((a) => a.name);

describe('searching adapters', () => {
  beforeEach(() => {
    add('Seaside', { classes: ['Möwe', 'Austernfischer'], tags: ['best', 'coast'] });
    add('wetland', { classes: ['heron'], backboneName: 'ViT Base', note: 'shot at dawn,\nfoggy' });
    add('鸟类', { classes: ['海鸥', '白鹭'], tags: ['best'] });
    add('100%_sure', { method: 'linear' });
  });

  it.each<[string, string[]]>([
    ['', ['100%_sure', '鸟类', 'wetland', 'Seaside']],
    ['sea', ['Seaside']],
    ['SEASIDE', ['Seaside']],
    ['mÖwe', ['Seaside']],
    ['mo\u0308we', ['Seaside']],
    ['best', ['鸟类', 'Seaside']],
    ['best sea', ['Seaside']],
    ['fisch best coa', ['Seaside']],
    ['best heron', []],
    ['base', ['wetland']],
    ['dawn foggy', ['wetland']],
    ['dawn, foggy', ['wetland']],
    ['鹭', ['鸟类']],
    ['ＶＩＴ', ['100%_sure', '鸟类', 'wetland', 'Seaside']],
    ['%', ['100%_sure']],
    ['_', ['100%_sure']],
    ["'", []],
    ['"', []],
    ['\\', []],
  ])('finds parts of all words: %j', (search, expected) => {
    expect(names({ search })).toEqual(expected);
  });

  it('counts all that it finds, also of a page beyond them and of none', () => {
    const totals = (search: string, offset: number, limit: number): number =>
      adapters.page({ ...ALL, search }, offset, limit).total;
    expect([totals('best', 0, 1), totals('best', 5, 10), totals('best', 0, 0)]).toEqual([2, 2, 2]);
    expect([totals('nowhere', 0, 10), totals('nowhere', 5, 10)]).toEqual([0, 0]);
    expect(adapters.page({ ...ALL, search: 'vit', method: 'linear' }, 9, 10).total).toBe(1);
  });

  it('keeps what adapters share once, as long as one of them has it', () => {
    const texts = (): unknown =>
      library.all('SELECT text FROM search_texts ORDER BY id').map((row) => row['text']);
    const before = texts() as string[];
    const ids = ['one', 'two'].map((name) => add(name, { classes: ['Ibis'] }));
    expect(texts()).toEqual([...before, 'vit tiny\nibis']);
    const [first = '', second = ''] = ids;
    library.run('DELETE FROM adapters WHERE id = @id', { id: first });
    expect(names({ search: 'ibis' })).toEqual(['two']);
    expect(texts()).toEqual([...before, 'vit tiny\nibis']);
    library.run(`UPDATE adapters SET classes = '["Stork"]' WHERE id = @id`, { id: second });
    adapters.refreshSearch(second);
    expect([names({ search: 'ibis' }), names({ search: 'stork' })]).toEqual([[], ['two']]);
    expect(texts()).toEqual([...before, 'vit tiny\nstork']);
    library.run('DELETE FROM adapters WHERE id = @id', { id: second });
    expect(texts()).toEqual(before);
  });

  it('does not join words of different places', () => {
    expect(names({ search: 'seasidevit' })).toEqual([]);
  });

  it('combines with tags, method and backbone', () => {
    expect(names({ tags: ['best'] })).toEqual(['鸟类', 'Seaside']);
    expect(names({ tags: ['best', 'coast'] })).toEqual(['Seaside']);
    expect(names({ tags: ['best', 'best'], search: '鸟' })).toEqual(['鸟类']);
    expect(names({ method: 'linear' })).toEqual(['100%_sure']);
    expect(names({ method: 'full' })).toEqual([]);
    expect(names({ backboneId: 'bb-1' })).toEqual([]);
  });

  it('follows renaming, tags and notes, and leaves out what is in the bin', () => {
    const id = add('late', { tags: ['t'] });
    adapters.rename(id, 'early');
    expect([names({ search: 'late' }), names({ search: 'early' })]).toEqual([[], ['early']]);
    tags.remove(id, ['t']);
    adapters.refreshSearch(id);
    expect(adapters.tags()).toEqual(['best', 'coast']);
    const bin = new BinRepository(library);
    const row = { id, kind: 'adapter', name: 'early', folder: 'x', bytes: 1 } as const;
    bin.put({ ...row, removedAt: '2026-01-01' });
    expect(names({ search: 'early' })).toEqual([]);
    expect(adapters.page(ALL, 0, 10).total).toBe(4);
    bin.forget(bin.get(id));
    expect(library.get('SELECT count(*) AS n FROM adapter_search')).toEqual({ n: 4 });
  });
});

describe('adapters of a library from before', () => {
  it.each([8, 10])('of version %i are found by all their words', async (version) => {
    const home = temporaryFolder();
    const folders = homeFolders(home);
    const before = await openLibrary(folders, owner, MIGRATIONS.slice(0, version));
    before.library.run(
      `INSERT INTO adapters (id, name, method, backbone_name, backbone_sha256, classes,
         adapter_parameters, head_parameters, bytes, created_at)
       VALUES ('ad-old', 'Älter', 'karst', 'ViT', '', '["Gull","鸟"]', 1, 1, 1, '2025')`,
    );
    new TagRepository(before.library).add('ad-old', ['Coast']);
    new NoteRepository(before.library).write('ad-old', 'Shot at Dawn');
    closeLibrary(before.library, owner);
    const now = await openLibrary(folders, owner);
    const found = new AdapterRepository(now.library, new TagRepository(now.library), (id) => id);
    for (const search of ['älter vit gull', '鸟 coast', 'dawn'])
      expect(found.page({ ...ALL, search }, 0, 10).total).toBe(1);
    closeLibrary(now.library, owner);
  });
});

describe('pages of adapters', () => {
  it('come in the order asked for, those without an accuracy last, and count all', () => {
    add('b', { top1: 0.9, bytes: 10 });
    add('C', { top1: null, bytes: 30 });
    add('a', { top1: 0.7, bytes: 20 });
    expect(names({ sort: 'newest' })).toEqual(['a', 'C', 'b']);
    expect(names({ sort: 'name' })).toEqual(['a', 'b', 'C']);
    expect(names({ sort: 'top1' })).toEqual(['b', 'a', 'C']);
    expect(names({ sort: 'bytes' })).toEqual(['C', 'a', 'b']);
    expect(names({ sort: 'name' }, 1, 1)).toEqual(['b']);
    expect(adapters.page({ ...ALL, sort: 'name' }, 1, 1).total).toBe(3);
    expect(names({}, 3, 10)).toEqual([]);
    expect(adapters.page(ALL, 0, 0)).toEqual({ total: 3, adapters: [] });
  });

  it.each(['newest', 'name', 'top1', 'bytes'] as const)(
    'by %s are read from an index, at any size, and nothing is sorted',
    (sort) => {
      for (const filter of [
        { ...ALL, sort },
        { ...ALL, sort, search: 'gull tern', tags: ['best'] },
      ]) {
        const { sql, parameters } = pageStatement(filter);
        const plan = library
          .all(`EXPLAIN QUERY PLAN ${sql}`, { ...parameters, limit: 100, offset: 0 })
          .map((row) => String(row['detail']));
        expect(plan.join('\n')).toMatch(/^SCAN adapters USING INDEX adapters_by_\w+$/m);
        expect(plan.join('\n')).not.toContain('TEMP B-TREE FOR ORDER BY');
      }
    },
  );

  it('takes a search of any length', () => {
    add('a');
    const search = Array.from({ length: 5000 }, (_, i) => `word${i}`).join(' ');
    expect(names({ search })).toEqual([]);
    expect(names({ search: 'a '.repeat(5000) })).toEqual(['a']);
  });
});
