import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONFIG, refusal } from '../../unit/host/support.ts';
import { TrainedHome } from './trained-home.ts';

/** Template with everything that can be attached to an adapter. */
const trained = new TrainedHome(async (studio, template) => {
  studio.adapters.tag('first', ['best', 'sea']);
  studio.adapters.note('first', 'seen at dawn');
  await studio.evaluations.evaluate('first', { dataset: 'two' });
  await studio.merging.export('first', { format: 'adapter', out: join(template, 'exported') });
});

describe('an adapter in the bin', () => {
  it('comes back with everything that it had', async () => {
    const studio = await trained.open();
    const lineage = studio.adapters.lineage('first');
    const results = studio.adapters.results('first');
    expect(results.evaluations).toHaveLength(1);
    expect(results.exports).toHaveLength(1);
    const files = readdirSync(lineage.adapter.folder);

    const { id } = await studio.adapters.remove('first');
    await refusal(() => studio.adapters.get('first'), 'not-found');
    await refusal(() => studio.adapters.get(id), 'not-found');
    expect(studio.adapters.list()).toEqual([]);
    expect(studio.adapters.tags()).toEqual([]);
    expect(studio.evaluations.list()).toEqual([]);
    expect(existsSync(lineage.adapter.folder)).toBe(false);
    expect(studio.runs.get('first').adapterId).toBe(null);
    const [binned] = studio.bin.list();
    expect(binned).toMatchObject({ id, kind: 'adapter', name: 'first' });
    // The library's size of an adapter excludes the model card.
    expect(binned?.bytes).toBeGreaterThan(lineage.adapter.bytes);

    expect(await studio.bin.restore(id)).toEqual({
      id,
      kind: 'adapter',
      name: 'first',
      formerName: 'first',
    });
    expect(studio.bin.list()).toEqual([]);
    expect(studio.adapters.lineage('first')).toEqual(lineage);
    expect(studio.adapters.results('first')).toEqual(results);
    expect(readdirSync(lineage.adapter.folder)).toEqual(files);
    expect(studio.runs.get('first').adapterId).toBe(id);
  });

  it('gives its name away and takes a free one when it comes back, by which it is found', async () => {
    const studio = await trained.open();
    const { id } = await studio.adapters.remove('first');
    const out = join(trained.template, 'exported');
    await studio.adapters.import(out, { name: 'first' });
    expect((await studio.bin.restore('first')).name).toBe('first-2');
    expect(studio.adapters.get('first-2').id).toBe(id);
    const filter = { search: 'first-2', tags: [], method: null, backboneId: null };
    const page = { offset: 0, limit: 10 };
    const found = studio.adapters.page({ ...filter, sort: 'newest' }, page);
    expect(found.adapters.map((a) => a.id)).toEqual([id]);
  });

  it('is found by the name it had, the last removed first', async () => {
    const studio = await trained.open();
    await studio.adapters.remove('first');
    const out = join(trained.template, 'exported');
    const second = await studio.adapters.import(out, { name: 'first' });
    await studio.adapters.remove('first');
    expect(studio.bin.list().map((b) => b.name)).toEqual(['first', 'first']);
    expect((await studio.bin.restore('first')).id).toBe(second.id);
  });

  it('is gone for good only when it is deleted there', async () => {
    const studio = await trained.open();
    await refusal(studio.bin.delete('first'), 'not-found');
    const { id } = await studio.adapters.remove('first');
    expect((await studio.bin.delete(id)).name).toBe('first');
    expect(readdirSync(join(trained.home, 'bin'))).toEqual([]);
    expect(studio.bin.list()).toEqual([]);
    await refusal(studio.bin.restore(id), 'not-found');
    // Its notes and evaluations are deleted as well.
    const again = await studio.adapters.import(join(trained.template, 'exported'));
    expect(studio.adapters.lineage(again.id).notes).toBe('');
    expect(studio.evaluations.list()).toEqual([]);
  });

  it('stays where it is when its folder cannot be moved', async () => {
    const studio = await trained.open();
    const { folder } = studio.adapters.get('first');
    writeFileSync(join(trained.home, 'bin'), 'a file in the place of the folder');
    await refusal(studio.adapters.remove('first'), 'not-writable');
    expect(studio.adapters.get('first').folder).toBe(folder);
    expect(existsSync(folder)).toBe(true);
    expect(studio.bin.list()).toEqual([]);
  });

  it('is put right after a crash between the library and the folder, either way', async () => {
    const studio = await trained.open();
    const { id, folder } = await studio.adapters.remove('first');
    const [binned = ''] = readdirSync(join(trained.home, 'bin'));
    // Simulates a crash before the folder was moved.
    renameSync(join(trained.home, 'bin', binned), folder);
    expect((await studio.bin.restore(id)).name).toBe('first');
    expect(readdirSync(folder)).toContain('labels.json');

    await studio.adapters.remove('first');
    for (const name of readdirSync(join(trained.home, 'bin')))
      rmSync(join(trained.home, 'bin', name), { recursive: true });
    const gone = await refusal(studio.bin.restore(id), 'not-found');
    expect(gone.path).toContain(id);
    await studio.bin.delete(id);
    expect(studio.bin.list()).toEqual([]);
  });

  it('does not overwrite what took the place of its folder', async () => {
    const studio = await trained.open();
    const { id, folder } = await studio.adapters.remove('first');
    mkdirSync(folder);
    await refusal(studio.bin.restore(id), 'name-taken');
    expect(studio.bin.list()).toHaveLength(1);
  });

  it('keeps its backbone in the library', async () => {
    const studio = await trained.open();
    await studio.runs.remove('first');
    await studio.adapters.remove('first');
    const error = await refusal(() => studio.backbones.remove('tiny'), 'in-use');
    expect(error.message).toContain('the adapter "first" in the bin');
    expect(error.message).toContain('the run "first" in the bin');
    for (const { id } of studio.bin.list()) await studio.bin.delete(id);
    expect(studio.backbones.remove('tiny').name).toBe('tiny');
  });
});

describe('a run in the bin', () => {
  it('comes back with its metrics and its file list, while its adapter stays', async () => {
    const studio = await trained.open();
    const run = studio.runs.get('first');
    const metrics = studio.runs.metrics('first');
    const { adapter, manifest } = studio.adapters.lineage('first');
    expect(manifest).toMatchObject({
      path: join(run.folder, 'manifest.jsonl'),
      counts: { train: 8, val: 2, test: 0 },
    });

    await studio.runs.remove('first');
    expect(studio.runs.list()).toEqual([]);
    await refusal(() => studio.runs.get(run.id), 'not-found');
    expect(studio.adapters.lineage('first')).toMatchObject({ runId: null, manifest: null });
    expect(studio.bin.list()).toMatchObject([{ id: run.id, kind: 'run', name: 'first' }]);

    await studio.runs.create({ backbone: 'tiny', dataset: 'two', name: 'first', config: CONFIG });
    expect((await studio.bin.restore(run.id)).name).toBe('first-2');
    expect(studio.runs.get(run.id)).toEqual({ ...run, name: 'first-2' });
    expect(studio.runs.metrics(run.id)).toEqual(metrics);
    expect(studio.adapters.lineage(adapter.id)).toMatchObject({ runId: run.id, manifest });
  });

  it('leaves its adapter without a run when it is deleted', async () => {
    const studio = await trained.open();
    const { id } = await studio.runs.remove('first');
    await studio.bin.delete(id);
    expect(studio.adapters.get('first').runId).toBe(null);
    expect(studio.adapters.lineage('first')).toMatchObject({ version: 1, runId: null });
    // Without the run, it is verified on a dataset with the same classes.
    expect((await studio.merging.merge('first')).verification.images).toBe(2);
  });
});

describe('a dataset in the bin', () => {
  it('comes back with its corrections, its projects and its evaluations', async () => {
    const studio = await trained.open();
    const { id } = studio.datasets.get('two');
    const project = studio.projects.create('birds');
    studio.projects.attachDataset(project.id, id);
    studio.datasets.change(id, [0], { excluded: true });
    studio.datasets.change(id, [1], { label: 1 });
    const dataset = studio.datasets.get(id);
    const images = [...studio.datasets.images(id)];
    const run = studio.runs.get('first');
    const evaluations = studio.evaluations.list();
    expect(evaluations).toHaveLength(1);

    studio.datasets.remove('two');
    expect(studio.datasets.list().map(({ name }) => name)).not.toContain('two');
    await refusal(() => studio.datasets.get(id), 'not-found');
    await refusal(() => studio.datasets.image(id, 0), 'not-found');
    expect(studio.projects.get(project.id).datasetIds).toEqual([]);
    expect(studio.evaluations.list()).toEqual([]);
    expect(studio.runs.get('first')).toEqual({ ...run, datasetId: null });
    expect(studio.adapters.lineage('first').manifest).toMatchObject({
      counts: { train: 8, val: 2, test: 0 },
    });
    expect(studio.bin.list()).toMatchObject([{ id, kind: 'dataset', name: 'two', bytes: 0 }]);

    const other = await studio.datasets.add(dataset.path, { name: 'two' });
    expect(other.dataset.id).not.toBe(id);
    expect(await studio.bin.restore(id)).toMatchObject({ name: 'two-2', formerName: 'two' });
    expect(studio.datasets.get(id)).toEqual({ ...dataset, name: 'two-2' });
    expect([...studio.datasets.images(id)]).toEqual(images);
    expect(studio.projects.get(project.id).datasetIds).toEqual([id]);
    expect(studio.evaluations.list()).toEqual(evaluations);
    expect(studio.runs.get('first')).toEqual(run);
  });

  it('is gone for good, but for its files, when it is deleted', async () => {
    const studio = await trained.open();
    const { id, path } = studio.datasets.remove('two');
    expect((await studio.bin.delete('two')).id).toBe(id);
    expect(studio.bin.list()).toEqual([]);
    await refusal(studio.bin.restore(id), 'not-found');
    expect(existsSync(path)).toBe(true);
    expect(studio.evaluations.list()).toEqual([]);
    expect(studio.runs.get('first').datasetId).toBe(null);
  });
});

describe('the bin of a window', () => {
  it('lists, restores and deletes, and tells all who show them', async () => {
    const api = await trained.api();
    const { id } = api.studio.adapters.get('first');
    await api.ask('adapters.remove', { id });
    expect(api.told()).toEqual([`adapters ${id}`, `bin ${id}`, 'evaluations']);
    expect(await api.ask('bin.list', {})).toEqual([
      {
        id,
        kind: 'adapter',
        name: 'first',
        bytes: expect.any(Number) as number,
        removedAt: expect.stringMatching(/^\d{4}-/) as string,
      },
    ]);
    expect(await api.ask('bin.restore', { id })).toEqual({ name: 'first' });
    expect(api.told().slice(3)).toEqual([`bin ${id}`, `adapters ${id}`, 'evaluations', 'runs']);
    await api.ask('adapters.remove', { id });
    await api.ask('bin.delete', { id });
    expect(await api.ask('bin.list', {})).toEqual([]);
    await refusal(api.ask('bin.delete', { id }), 'not-found');
  });
});
