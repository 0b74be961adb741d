import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { projectProcedures } from '../../../shared/contract/window/projects.ts';
import { dataRoom, type DataRoom } from './data-room.ts';
import { refusal, temporaryFolder, writeBackbone } from './support.ts';

/** A room with two datasets and a backbone. */
async function furnished(): Promise<{ room: DataRoom; gulls: string; terns: string; vit: string }> {
  const room = await dataRoom();
  const gulls = room.enter('gulls', ['a'], [{ file: 'a/1.png' }]);
  const terns = room.enter('terns', ['a'], [{ file: 'a/2.png' }]);
  const vit = await room.backbones.add(await writeBackbone(temporaryFolder()), { name: 'vit' });
  return { room, gulls: gulls.id, terns: terns.id, vit: vit.id };
}

/** Inserts runs of a project in the form in which the host stores them. */
function enterRuns(
  { library }: DataRoom,
  projectId: string,
  runs: readonly { id: string; top1: number | null; createdAt: string; endedAt?: string }[],
): void {
  for (const { id, top1, createdAt, endedAt } of runs)
    library.run(
      `INSERT INTO runs (id, name, project_id, state, backbone, dataset_name, classes, counts, config,
         manifest_sha256, best_top1, created_at, ended_at)
       VALUES (@id, @id, @projectId, 'done', '{}', 'd', '[]', '{}', '{}', @sha, @top1, @createdAt, @endedAt)`,
      { id, top1, createdAt, endedAt: endedAt ?? null, projectId, sha: '0'.repeat(64) },
    );
}

/** Advances the clock so that timestamps differ. */
const aMoment = (): void => void vi.advanceTimersByTime(1);

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

describe('projects', () => {
  it('begin empty and are told as the contract has them', async () => {
    const { room } = await furnished();
    const project = room.projects.create('  shore birds ');
    expect(project).toEqual({
      id: expect.stringMatching(/^pr-/) as string,
      name: 'shore birds',
      notes: '',
      archived: false,
      datasetIds: [],
      backboneId: null,
      runIds: [],
      bestTop1: null,
      createdAt: project.createdAt,
      updatedAt: project.createdAt,
    });
    expect(v.parse(projectProcedures['projects.get'].output, project)).toEqual(project);
    expect(room.projects.get('shore birds')).toEqual(project);
    expect(
      (await refusal(() => room.projects.create('shore birds'), 'name-taken')).message,
    ).toContain('"shore birds"');
    await refusal(() => room.projects.create(''), 'usage');
    await refusal(() => room.projects.create('a/b'), 'usage');
  });

  it('hold datasets, which may be in several, in the order in which they came', async () => {
    const { room, gulls, terns } = await furnished();
    const one = room.projects.create('one');
    const two = room.projects.create('two');
    room.projects.attachDataset(one.id, terns);
    aMoment();
    expect(room.projects.attachDataset(one.id, gulls).datasetIds).toEqual([terns, gulls]);
    expect(room.projects.attachDataset(two.id, gulls).datasetIds).toEqual([gulls]);
    const before = room.projects.get(one.id);
    expect(room.projects.attachDataset(one.id, gulls)).toEqual(before);
    expect(room.projects.detachDataset(one.id, terns).datasetIds).toEqual([gulls]);
    room.datasets.remove(gulls);
    expect(room.projects.list().map((p) => p.datasetIds)).toEqual([[], []]);
    await refusal(() => room.projects.attachDataset(one.id, gulls), 'not-found');
    await refusal(() => room.projects.attachDataset('none', terns), 'not-found');
  });

  it('take a name, notes, a backbone and an archive mark, each by itself', async () => {
    const { room, vit } = await furnished();
    const { id } = room.projects.create('first');
    room.projects.create('second');
    expect(room.projects.update(id, { notes: 'Low tide.\n多云' }).notes).toBe('Low tide.\n多云');
    expect(room.projects.update(id, { backboneId: 'vit' }).backboneId).toBe(vit);
    expect(room.projects.update(id, { archived: true })).toMatchObject({
      name: 'first',
      notes: 'Low tide.\n多云',
      backboneId: vit,
      archived: true,
    });
    expect(room.projects.update(id, { name: 'first' }).name).toBe('first');
    expect(
      room.projects.update(id, { name: 'third', archived: false, backboneId: null }),
    ).toMatchObject({
      name: 'third',
      archived: false,
      backboneId: null,
    });
    await refusal(() => room.projects.update(id, { name: 'second', notes: 'lost?' }), 'name-taken');
    await refusal(
      () => room.projects.update(id, { notes: 'lost?', backboneId: 'none' }),
      'not-found',
    );
    expect(room.projects.get(id).notes).toBe('Low tide.\n多云');
  });

  it('lose a backbone that is removed, and keep all else', async () => {
    const { room, vit } = await furnished();
    const { id } = room.projects.create('p');
    room.projects.update(id, { backboneId: vit });
    room.backbones.remove(vit);
    expect(room.projects.get(id)).toMatchObject({ name: 'p', backboneId: null });
  });

  it('are copied with datasets, backbone and notes; runs stay behind', async () => {
    const { room, gulls, terns, vit } = await furnished();
    const { id } = room.projects.create('p');
    room.projects.attachDataset(id, terns);
    aMoment();
    room.projects.attachDataset(id, gulls);
    room.projects.update(id, { notes: 'n', backboneId: vit, archived: true });
    enterRuns(room, id, [{ id: 'run-1', top1: 0.5, createdAt: '2026-01-01T00:00:00.000Z' }]);
    await refusal(() => room.projects.duplicate(id, 'p'), 'name-taken');
    const copy = room.projects.duplicate(id, 'q');
    expect(copy).toMatchObject({
      name: 'q',
      notes: 'n',
      archived: false,
      datasetIds: [terns, gulls],
      backboneId: vit,
      runIds: [],
      bestTop1: null,
    });
    expect(copy.id).not.toBe(id);
    expect(room.projects.get(id).runIds).toEqual(['run-1']);
  });

  it('tell their runs, the newest first, and the best of them', async () => {
    const { room } = await furnished();
    const one = room.projects.create('one');
    const two = room.projects.create('two');
    enterRuns(room, one.id, [
      { id: 'run-1', top1: 0.75, createdAt: '2026-01-01T00:00:00.000Z' },
      { id: 'run-2', top1: null, createdAt: '2026-01-03T00:00:00.000Z' },
      { id: 'run-3', top1: 0.875, createdAt: '2026-01-02T00:00:00.000Z' },
    ]);
    enterRuns(room, two.id, [{ id: 'run-4', top1: 0, createdAt: '2026-01-01T00:00:00.000Z' }]);
    expect(room.projects.get(one.id)).toMatchObject({
      runIds: ['run-2', 'run-3', 'run-1'],
      bestTop1: 0.875,
    });
    expect(room.projects.get(two.id)).toMatchObject({ runIds: ['run-4'], bestTop1: 0 });
    room.library.run("INSERT INTO bin VALUES ('run-3', 'run', 'x', 'x', 0, '2026-01-04')");
    expect(room.projects.get(one.id)).toMatchObject({
      runIds: ['run-2', 'run-1'],
      bestTop1: 0.75,
    });
  });

  it('are listed with the last changed first, whatever of them changed', async () => {
    const { room, gulls } = await furnished();
    const names = (): string[] => room.projects.list().map((p) => p.name);
    const ids = [];
    for (const name of ['a', 'b', 'c']) {
      ids.push(room.projects.create(name).id);
      aMoment();
    }
    const [a, b] = ids as [string, string, string];
    expect(names()).toEqual(['c', 'b', 'a']);
    room.projects.attachDataset(a, gulls);
    expect(names()).toEqual(['a', 'c', 'b']);
    aMoment();
    room.projects.update(b, { notes: 'x' });
    expect(names()).toEqual(['b', 'a', 'c']);
    aMoment();
    room.datasets.rename(gulls, 'herring gulls');
    expect(names()).toEqual(['a', 'b', 'c']);
    enterRuns(room, ids[2]!, [
      { id: 'run-1', top1: null, createdAt: '2026-01-01', endedAt: '2999-01-01T00:00:00.000Z' },
    ]);
    expect(room.projects.list()[0]).toMatchObject({
      name: 'c',
      updatedAt: '2999-01-01T00:00:00.000Z',
    });
  });
});
