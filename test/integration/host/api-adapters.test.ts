import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AdapterFilter } from '../../../shared/contract/window/adapters.ts';
import { sha256OfFile } from '../../../main/formats/files.ts';
import {
  refusal,
  studioIn,
  temporaryFolder,
  writeBackbone,
  writeClassFolders,
} from '../../unit/host/support.ts';
import { TrainedHome } from './trained-home.ts';

const trained = new TrainedHome(async (studio, template) => {
  await studio.merging.export('first', { format: 'karst', out: join(template, 'first.karst') });
});

const ALL: AdapterFilter = { search: '', tags: [], method: null, backboneId: null, sort: 'newest' };

describe('the library of a window', () => {
  it('lists, searches, renames, notes and tags', async () => {
    const api = await trained.api();
    const list = (filter: Partial<AdapterFilter>) =>
      api.ask('adapters.list', { filter: { ...ALL, ...filter }, offset: 0, limit: 50 });
    const { adapters } = await list({});
    const [{ id } = { id: '' }] = adapters;
    expect(adapters).toMatchObject([{ name: 'first', tags: [], classes: ['a', 'b'] }]);

    const renamed = await api.ask('adapters.rename', { id, name: ' gulls of the north ' });
    expect(renamed.name).toBe('gulls of the north');
    expect(await api.ask('adapters.rename', { id, name: renamed.name })).toEqual(renamed);
    await api.ask('adapters.note', { id, notes: 'Seen at dawn.\n' });
    const tagged = await api.ask('adapters.tag', { id, add: ['x', 'best'], remove: [] });
    expect(tagged.tags).toEqual(['best', 'x']);
    await api.ask('adapters.tag', { id, add: ['sea'], remove: ['x'] });
    expect(api.told()).toEqual(Array.from({ length: 5 }, () => `adapters ${id}`));

    expect(await list({ search: 'NORTH dawn sea' })).toMatchObject({
      total: 1,
      adapters: [{ id, tags: ['best', 'sea'] }],
      tags: ['best', 'sea'],
    });
    expect(await list({ search: 'first' })).toMatchObject({ total: 0, adapters: [] });
    expect(await api.ask('adapters.get', { id })).toMatchObject({ notes: 'Seen at dawn.' });

    await api.end(
      await api.ask('adapters.import', { path: join(trained.template, 'first.karst'), name: 'b' }),
    );
    const { id: other } = api.studio.adapters.get('b');
    await refusal(api.ask('adapters.rename', { id, name: 'b' }), 'name-taken');
    await refusal(api.ask('adapters.rename', { id, name: 'a/b' }), 'usage');
    await refusal(api.ask('adapters.tag', { id, add: ['a,b'], remove: ['sea'] }), 'usage');
    expect(api.studio.adapters.get(id).tags).toEqual(['best', 'sea']);
    expect((await list({ sort: 'name' })).adapters.map((a) => a.id)).toEqual([other, id]);
    for (const name of ['adapters.get', 'adapters.remove'] as const)
      await refusal(api.ask(name, { id: 'ad-none' }), 'not-found');
  });

  it('says where an adapter comes from, and which others its run has made', async () => {
    const api = await trained.api();
    const { studio } = api;
    const first = studio.adapters.get('first');
    const run = studio.runs.get('first');
    const manifest = join(run.folder, 'manifest.jsonl');
    expect(await api.ask('adapters.get', { id: first.id })).toEqual({
      adapter: first,
      notes: '',
      parent: null,
      version: 1,
      versions: [first],
      run: expect.objectContaining({
        id: run.id,
        name: 'first',
        totalSteps: expect.any(Number) as number,
      }) as unknown,
      manifest: {
        path: manifest,
        sha256: await sha256OfFile(manifest),
        counts: { train: 8, val: 2, test: 0 },
      },
      evaluations: [],
      merges: [],
      exports: studio.adapters.results(first.id).exports,
    });

    await studio.runs.extend(run.id, 2);
    const { adapter: second } = await studio.scheduler.train(run.id, { resume: true });
    expect(second.id).not.toBe(first.id);
    expect(await api.ask('adapters.get', { id: second.id })).toMatchObject({
      version: 2,
      versions: [{ id: second.id }, { id: first.id }],
    });
    expect(await api.ask('adapters.get', { id: first.id })).toMatchObject({
      version: 1,
      versions: [{ id: second.id }, { id: first.id }],
    });
    // An imported adapter starts a separate lineage.
    const { result } = await api.end(
      await api.ask('adapters.import', {
        path: join(trained.template, 'first.karst'),
        name: null,
      }),
    );
    if (result?.kind !== 'adapter') throw new Error('no adapter');
    expect(await api.ask('adapters.get', { id: result.adapterId })).toMatchObject({
      version: 1,
      versions: [{ id: result.adapterId }],
      run: null,
      manifest: null,
    });
  });

  it('merges as a task, with the figures of the comparison', async () => {
    const api = await trained.api();
    const { id } = api.studio.adapters.get('first');
    const task = await api.ask('adapters.merge', { id, out: null });
    expect(task).toMatchObject({ kind: 'merge', subject: 'first', state: 'running' });
    const { result } = await api.end(task);
    if (result?.kind !== 'written') throw new Error('nothing was written');
    expect(result.verification).toEqual({
      images: 2,
      maxAbsDiff: 1e-6,
      tolerance: 1e-4,
      top1Agreement: 1,
    });
    expect(existsSync(join(result.out, 'model.safetensors'))).toBe(true);
    const { merges } = await api.ask('adapters.get', { id });
    expect(merges).toMatchObject([{ adapterId: id, out: result.out }]);
    expect(await api.end(await api.ask('adapters.merge', { id, out: result.out }))).toMatchObject({
      state: 'failed',
      error: { code: 'name-taken', path: result.out, hint: expect.stringMatching(/./) as string },
    });
    expect((await api.ask('adapters.get', { id })).merges).toHaveLength(1);
  });

  it('verifies what it has no run for on the dataset named, or on one of its classes', async () => {
    const api = await trained.api();
    const { studio } = api;
    const { id } = await studio.adapters.import(join(trained.template, 'first.karst'));
    const merge = async (datasetId?: string) =>
      api.end(
        await api.ask('adapters.merge', {
          id,
          out: null,
          ...(datasetId === undefined ? {} : { datasetId }),
        }),
      );
    expect(await merge()).toMatchObject({ result: { verification: { images: 2 } } });

    const folder = temporaryFolder();
    await writeClassFolders(join(folder, 'more'), { a: 3 }, 900);
    await writeClassFolders(join(folder, 'strange'), { c: 3, d: 3 }, 950);
    const more = await studio.datasets.add(join(folder, 'more'), { name: 'more', val: 0 });
    const strange = await studio.datasets.add(join(folder, 'strange'), { name: 'strange' });
    expect(await merge(more.dataset.id)).toMatchObject({ result: { verification: { images: 3 } } });
    expect(await merge(strange.dataset.id)).toMatchObject({ error: { code: 'dataset-unusable' } });
    // An evaluation on a dataset makes it the default for verification.
    await studio.evaluations.evaluate(id, { dataset: 'more', split: 'train' });
    expect(await merge()).toMatchObject({ result: { verification: { images: 3 } } });
    studio.datasets.remove('two');
    studio.datasets.remove('more');
    const nothing = await merge();
    expect(nothing).toMatchObject({ state: 'failed', error: { code: 'dataset-unusable' } });
    expect(nothing.error?.hint).toContain('Import a dataset with its classes');
  });

  it('exports each format that there is, once, and keeps what was exported', async () => {
    const api = await trained.api();
    const { id } = api.studio.adapters.get('first');
    const place = temporaryFolder();
    const before = (await api.ask('adapters.get', { id })).exports.length;
    for (const [format, name, verified, notes] of [
      ['adapter', 'folder', false, []],
      ['karst', 'file.karst', false, []],
      ['onnx', 'onnx', true, ['onnx-cmyk']],
      ['timm', 'model', true, []],
    ] as const) {
      const out = join(place, name);
      const task = await api.end(await api.ask('adapters.export', { id, format, out }));
      expect(task).toMatchObject({
        kind: 'export',
        state: 'done',
        result: { kind: 'written', out, notes },
      });
      if (task.result?.kind === 'written') expect(task.result.verification !== null).toBe(verified);
      const again = await api.end(await api.ask('adapters.export', { id, format, out }));
      expect(again).toMatchObject({ state: 'failed', error: { code: 'name-taken' } });
    }
    expect(readdirSync(place).sort()).toEqual(['file.karst', 'folder', 'model', 'onnx']);
    const { exports } = await api.ask('adapters.get', { id });
    expect(exports).toHaveLength(before + 4);
    expect(exports[0]).toMatchObject({
      format: 'timm',
      out: join(place, 'model'),
    });
  });
});

describe('a .karst file', () => {
  it('is the adapter, whole, in another library that has the backbone', async () => {
    const path = join(trained.template, 'first.karst');
    const api = await trained.api();
    const first = api.studio.adapters.get('first');
    const task = await api.ask('adapters.import', { path, name: 'guest' });
    expect(task).toMatchObject({ kind: 'adapter-import', subject: 'guest' });
    const { result } = await api.end(task);
    if (result?.kind !== 'adapter') throw new Error('no adapter');
    const guest = api.studio.adapters.get(result.adapterId);
    expect(guest).toMatchObject({
      name: 'guest',
      runId: null,
      backboneId: first.backboneId,
      classes: first.classes,
      bytes: first.bytes,
      adapterParameters: first.adapterParameters,
    });
    for (const name of readdirSync(first.folder))
      expect(readFileSync(join(guest.folder, name))).toEqual(
        readFileSync(join(first.folder, name)),
      );
    // Without an explicit name, an adapter is named after its file.
    expect((await api.studio.adapters.import(path)).name).toBe('first-2');
  });

  it('goes through the checks of a folder, and is spoken of by its own name', async () => {
    const api = await trained.api();
    const { folder } = api.studio.adapters.get('first');
    writeFileSync(join(folder, 'labels.json'), '["a","b","c"]');
    const path = join(temporaryFolder(), 'spoilt.karst');
    await api.studio.merging.export('first', { format: 'karst', out: path });
    const before = readdirSync(join(trained.home, 'adapters'));
    const failed = await api.end(await api.ask('adapters.import', { path, name: null }));
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'backbone-mismatch', path } });
    expect(failed.error?.message).toContain(join(path, 'adapter_model.safetensors'));
    expect(failed.error?.message).toContain('head.weight has the shape (2, 12), expected (3, 12)');
    expect(readdirSync(join(trained.home, 'adapters'))).toEqual(before);
    expect(api.studio.adapters.list()).toHaveLength(1);
  });

  it('is not taken without its backbone, nor when it is something else', async () => {
    const folder = temporaryFolder();
    const studio = await studioIn(join(folder, 'home'));
    const path = join(trained.template, 'first.karst');
    const error = await refusal(studio.adapters.import(path), 'backbone-mismatch');
    expect(error.message).toContain('"tiny"');
    expect(error.path).toBe(path);
    expect(readdirSync(join(studio.home, 'adapters'))).toEqual([]);
    const weights = await writeBackbone(join(folder, 'backbone'));
    await refusal(studio.adapters.import(weights), 'format-unknown');
    const text = join(folder, 'text.karst');
    writeFileSync(text, 'not a zip');
    await refusal(studio.adapters.import(text), 'file-damaged');
    mkdirSync(join(folder, 'folder.karst'));
    await refusal(studio.adapters.import(join(folder, 'folder.karst')), 'not-found');
    await refusal(studio.adapters.import(join(folder, 'none.karst')), 'not-found');
    expect(studio.adapters.list()).toEqual([]);
  });
});
