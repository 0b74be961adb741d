import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import { openDispatcher, type Dispatcher } from '../../../main/host/api/dispatch.ts';
import { SAMPLE_CONFIG } from '../../../main/host/services/sample.ts';
import { refusal, studioIn, temporaryFolder, writeBackbone } from './support.ts';

const apis: Dispatcher[] = [];
afterEach(async () => {
  for (const api of apis.splice(0)) await api.close();
});

async function openApi(starter: string | null) {
  const home = temporaryFolder();
  const studio = await studioIn(home, { starter });
  const api = await openDispatcher({ studio, cacheDir: home });
  apis.push(api);
  const task = async (): Promise<Task> => {
    const { id } = (await api.call('sample.start', {})) as Task;
    return vi.waitFor(
      async () => {
        const tasks = (await api.call('tasks.list', {})) as Task[];
        const mine = tasks.find((one) => one.id === id);
        expect(mine?.state).not.toBe('running');
        return mine!;
      },
      { timeout: 60_000, interval: 50 },
    );
  };
  return { api, studio, task };
}

describe('the sample', () => {
  it('becomes a dataset, a project and a run on the starter, and the second time a run alone', async () => {
    const starter = temporaryFolder();
    await writeBackbone(starter);
    const { studio, task } = await openApi(starter);
    const first = await task();
    expect(first).toMatchObject({ kind: 'sample', subject: 'Handwritten digits', state: 'done' });
    const [dataset] = studio.datasets.list();
    expect(dataset).toMatchObject({ name: 'Handwritten digits', unusable: 0 });
    expect((dataset?.counts.train ?? 0) + (dataset?.counts.val ?? 0)).toBe(1797);
    const [project] = studio.projects.list();
    const [backbone] = studio.backbones.list();
    expect(project).toMatchObject({
      name: 'Handwritten digits',
      datasetIds: [dataset?.id],
      backboneId: backbone?.id,
    });
    const [run] = studio.runs.details();
    expect(run).toMatchObject({ projectId: project?.id, config: SAMPLE_CONFIG });
    expect(first.result).toEqual({ kind: 'sample', projectId: project?.id, runId: run?.id });

    const second = await task();
    expect(studio.datasets.list()).toHaveLength(1);
    expect(studio.projects.list()).toHaveLength(1);
    expect(second.result).toMatchObject({ projectId: project?.id });
    expect(studio.runs.list()).toHaveLength(2);
  });

  it('does not touch what has its name already, and leaves an archived project alone', async () => {
    const starter = temporaryFolder();
    await writeBackbone(starter);
    const { studio, task } = await openApi(starter);
    const mine = studio.projects.create('Handwritten digits');
    const first = await task();
    expect(first.result).toMatchObject({ kind: 'sample' });
    expect(studio.projects.get(mine.id).datasetIds).toEqual([]);
    const made = studio.projects.get('Handwritten digits 2');
    studio.projects.update(made.id, { archived: true });
    await task();
    expect(studio.projects.get('Handwritten digits 3').runIds).toHaveLength(1);
  });

  it('needs the starter', async () => {
    const { api, studio } = await openApi(null);
    await studio.backbones.add(await writeBackbone(join(temporaryFolder(), 'other')), {
      name: 'other',
    });
    const error = await refusal(api.call('sample.start', {}), 'not-found');
    expect(error.message).toContain('starter');
  });
});
