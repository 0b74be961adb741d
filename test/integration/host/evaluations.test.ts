import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JudgedImage } from '../../../shared/contract/window/adapters.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { refusal, temporaryFolder, writeClassFolders } from '../../unit/host/support.ts';
import { TrainedHome, type ApiClient } from './trained-home.ts';

/** The test double misclassifies every third image; its confidence grows with the position. */
const trained = new TrainedHome();

const CELL = { truth: null, predicted: null, mistakes: false, offset: 0, limit: 100 };

async function evaluated(api: ApiClient): Promise<{ id: string; datasetId: string }> {
  const adapterId = api.studio.adapters.get('first').id;
  const datasetId = api.studio.datasets.get('two').id;
  const task = await api.ask('evaluations.start', { adapterId, datasetId, split: 'train' });
  expect(task).toMatchObject({ kind: 'evaluate', subject: 'first', state: 'running' });
  const { result } = await api.end(task);
  if (result?.kind !== 'evaluation') throw new Error('no evaluation');
  return { id: result.evaluationId, datasetId };
}

const files = (images: readonly JudgedImage[]): string[] => images.map(({ file }) => file);

describe('an evaluation', () => {
  it('is stored with what was said of every image, in the order of sureness', async () => {
    const api = await trained.api();
    const { id, datasetId } = await evaluated(api);
    const positions = [...api.studio.datasets.images('two', 'train')];
    expect(positions).toHaveLength(8);
    const { total, images } = await api.ask('evaluations.images', { id, ...CELL });
    expect(total).toBe(8);
    const order = positions.map((image, i) => ({ image, i })).reverse();
    expect(images).toEqual(
      order.map(({ image, i }) => ({
        media: expect.stringMatching(new RegExp(`^d\\.${datasetId}\\.\\d+$`)) as string,
        file: image.path.slice(join(trained.template, 'images/').length),
        truth: image.label,
        predicted: i % 3 === 2 ? 1 - image.label : image.label,
        probability: 0.5 + i / 1000,
        corrected: false,
      })),
    );
    for (const { media, file } of images) {
      const position = Number(media.split('.')[2]);
      expect(api.studio.datasets.image(datasetId, position).path).toContain(file);
    }
  });

  it('shows the images behind each cell, and the surest mistakes first, in pages', async () => {
    const api = await trained.api();
    const { id } = await evaluated(api);
    const all = (await api.ask('evaluations.images', { id, ...CELL })).images;
    let counted = 0;
    for (const truth of [0, 1])
      for (const predicted of [0, 1]) {
        const cell = await api.ask('evaluations.images', { id, ...CELL, truth, predicted });
        const expected = all.filter((i) => i.truth === truth && i.predicted === predicted);
        expect(cell.images).toEqual(expected);
        counted += cell.total;
      }
    expect(counted).toBe(8);
    const mistakes = all.filter((i) => i.truth !== i.predicted);
    expect(mistakes).toHaveLength(2);
    expect(await api.ask('evaluations.images', { id, ...CELL, mistakes: true })).toEqual({
      total: 2,
      images: mistakes,
    });
    const page = { ...CELL, mistakes: true, offset: 1, limit: 1 };
    expect(await api.ask('evaluations.images', { id, ...page })).toEqual({
      total: 2,
      images: mistakes.slice(1),
    });
    const row = await api.ask('evaluations.images', { id, ...CELL, truth: 1 });
    expect(row.images).toEqual(all.filter((i) => i.truth === 1));
    const wrong = await api.ask('evaluations.images', { id, ...CELL, truth: 7 });
    expect(wrong).toEqual({ total: 0, images: [] });
  });

  it('says which images were corrected since, and stays as it was measured', async () => {
    const api = await trained.api();
    const { id, datasetId } = await evaluated(api);
    const { studio } = api;
    const marked = async (): Promise<string[]> => {
      const { images } = await api.ask('evaluations.images', { id, ...CELL });
      const corrected = images.filter((image) => image.corrected);
      expect(await api.ask('evaluations.corrected', { id })).toBe(corrected.length);
      return corrected.map(({ media }) => media).sort();
    };
    const change = (position: number, wanted: { label?: number; excluded?: boolean }) =>
      api.ask('datasets.changeImages', { id: datasetId, images: [position], change: wanted });
    const before = (await api.ask('evaluations.images', { id, ...CELL })).images;
    const [one, other] = [...studio.datasets.images('two', 'train')];
    if (one === undefined || other === undefined) throw new Error('no images');
    const [first, second] = [one, other].map(({ position }) => `d.${datasetId}.${position}`);
    expect(await marked()).toEqual([]);
    await change(one.position, { label: 1 - one.label });
    await change(other.position, { excluded: true });
    expect(await marked()).toEqual([first, second].sort());
    const after = (await api.ask('evaluations.images', { id, ...CELL })).images;
    expect(after.map((image) => ({ ...image, corrected: false }))).toEqual(before);
    // A class under another name is still the class.
    studio.classes.rename('two', one.label, 'renamed');
    expect(await marked()).toEqual([first, second].sort());
    await change(one.position, { label: one.label });
    await change(other.position, { excluded: false });
    expect(await marked()).toEqual([]);
    studio.classes.merge('two', one.label, 1 - one.label);
    expect(await marked()).toEqual([]);
  });

  it('still knows its classes when one is renamed while it is made', async () => {
    const { studio } = await trained.api();
    const one = [...studio.datasets.images('two', 'train')].find(({ label }) => label === 0)!;
    let renamed = false;
    const { stored } = await studio.evaluations.evaluate('first', {
      ...{ dataset: 'two', split: 'train' },
      onEvent() {
        if (!renamed) studio.classes.rename('two', 0, 'renamed');
        renamed = true;
      },
    });
    expect(renamed).toBe(true);
    studio.datasets.change('two', [one.position], { label: 1 });
    expect(studio.evaluations.corrected(stored.id)).toBe(1);
  });

  it('finds the image of a dataset by the name of its picture, whoever gave that', async () => {
    const api = await trained.api();
    const { id } = api.studio.datasets.get('two');
    const [image] = [...api.studio.datasets.images('two')];
    if (image === undefined) throw new Error('no image');
    const named = await api.ask('datasets.image', { id, media: `d.${id}.${image.position}` });
    expect(named).toMatchObject({ position: image.position, label: image.label, excluded: false });
    const { answers } = await api.ask('predictions.make', {
      model: { kind: 'adapter', id: api.studio.adapters.get('first').id },
      media: [],
      paths: [image.path],
      top: 1,
    });
    const media = answers[0]?.media ?? '';
    expect(media).toMatch(/^f\./);
    expect(await api.ask('datasets.image', { id, media })).toEqual(named);
    await refusal(api.ask('datasets.image', { id, media: 'f.unknown' }), 'not-found');
  });

  it('is told of, listed the newest first, and found by its id', async () => {
    const api = await trained.api();
    const first = await evaluated(api);
    const second = await evaluated(api);
    const { id: adapterId } = api.studio.adapters.get('first');
    expect(api.told()).toEqual([
      `evaluations ${first.id}`,
      `adapters ${adapterId}`,
      `evaluations ${second.id}`,
      `adapters ${adapterId}`,
    ]);
    const ids = [second.id, first.id];
    for (const asked of [null, adapterId]) {
      const listed = await api.ask('evaluations.list', { adapterId: asked });
      expect(listed.map((e) => e.id)).toEqual(ids);
    }
    const { datasetId } = first;
    expect(await api.ask('evaluations.count', { datasetId, split: 'train' })).toBe(2);
    expect(await api.ask('evaluations.count', { datasetId, split: 'test' })).toBe(0);
    expect(await api.ask('evaluations.count', { datasetId: 'ds-none', split: 'train' })).toBe(0);
    const detail = await api.ask('adapters.get', { id: adapterId });
    expect(detail.evaluations.map((e) => e.id)).toEqual(ids);
    expect(await api.ask('evaluations.get', { id: first.id })).toMatchObject({
      adapterId,
      split: 'train',
      evaluation: { n: 8 },
    });
    await refusal(api.ask('evaluations.get', { id: 'ev-none' }), 'not-found');
    await refusal(api.ask('evaluations.images', { id: 'ev-none', ...CELL }), 'not-found');
  });

  it('keeps files that could not be read, last and without an answer', async () => {
    const api = await trained.api();
    const folder = temporaryFolder();
    await writeClassFolders(folder, { a: 2, b: 2 }, 700);
    renameSync(join(folder, 'a', '0.png'), join(folder, 'a', 'broken.png'));
    const { dataset } = await api.studio.datasets.add(folder, { name: 'some', val: 0 });
    const adapterId = api.studio.adapters.get('first').id;
    const task = await api.ask('evaluations.start', {
      adapterId,
      datasetId: dataset.id,
      split: 'train',
    });
    const { result } = await api.end(task);
    if (result?.kind !== 'evaluation') throw new Error('no evaluation');
    const { images } = await api.ask('evaluations.images', { id: result.evaluationId, ...CELL });
    expect(images).toHaveLength(4);
    expect(images.at(-1)).toMatchObject({
      file: 'a/broken.png',
      truth: 0,
      predicted: null,
      probability: null,
    });
    const mistakes = await api.ask('evaluations.images', {
      id: result.evaluationId,
      ...CELL,
      mistakes: true,
    });
    expect(files(mistakes.images)).not.toContain('a/broken.png');
  });

  it('tells its failure as the end of the task, and stores nothing', async () => {
    const api = await trained.api();
    const adapterId = api.studio.adapters.get('first').id;
    const datasetId = api.studio.datasets.get('two').id;
    const task = await api.ask('evaluations.start', { adapterId, datasetId, split: 'test' });
    expect(await api.end(task)).toMatchObject({
      state: 'failed',
      error: { code: 'dataset-unusable' },
      result: null,
    });
    expect(await api.ask('evaluations.list', { adapterId: null })).toEqual([]);
    await refusal(
      api.ask('evaluations.start', { adapterId: 'ad-none', datasetId, split: 'val' }),
      'not-found',
    );
  });

  it('can be cancelled', async () => {
    const api = await trained.api({ FAKE_ENGINE: 'deaf' }, { graceMs: 50 });
    const adapterId = api.studio.adapters.get('first').id;
    const datasetId = api.studio.datasets.get('two').id;
    const task = await api.ask('evaluations.start', { adapterId, datasetId, split: 'val' });
    // The engine has received the job but does not respond.
    await eventually(async () =>
      expect(await api.ask('tasks.list', {})).toContainEqual(
        expect.objectContaining({ id: task.id, state: 'running', phase: 'loading' }),
      ),
    );
    await api.ask('tasks.cancel', { id: task.id });
    expect(await api.end(task)).toMatchObject({ state: 'cancelled', result: null });
    expect(api.studio.evaluations.list()).toEqual([]);
  });
});
