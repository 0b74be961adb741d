import { describe, expect, it } from 'vitest';
import type { Project } from '../../../shared/contract/window/projects.ts';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import { matching } from '../../../renderer/frame/matching.ts';
import { nextStep } from '../../../renderer/views/project/next-step.ts';
import { sortedProjects, withWords } from '../../../renderer/views/project/project-list.ts';
import { sampleProgress } from '../../../renderer/views/welcome/sample-progress.ts';

function project(entries: Partial<Project>): Project {
  return {
    id: 'p',
    name: 'Project',
    notes: '',
    archived: false,
    datasetIds: ['d'],
    backboneId: 'b',
    runIds: [],
    bestTop1: null,
    createdAt: '',
    updatedAt: '',
    ...entries,
  };
}

/** A run with only the properties that these functions read. */
function run(entries: Partial<RunView>): RunView {
  return { id: 'r', state: 'done', adapterId: null, bestTop1: null, ...entries } as RunView;
}

describe('the next step of a project', () => {
  it('is what is missing for a first run, in order', () => {
    expect(nextStep(project({ datasetIds: [], backboneId: null }), []).kind).toBe('data');
    expect(nextStep(project({ backboneId: null }), []).kind).toBe('backbone');
    expect(nextStep(project({}), []).kind).toBe('train');
  });

  it('is the run that is going on, whatever else there is', () => {
    const runs = [
      run({ id: 'new', state: 'failed' }),
      run({ id: 'now', state: 'running' }),
      run({ id: 'old', adapterId: 'a', bestTop1: 0.9 }),
    ];
    expect(nextStep(project({}), runs)).toMatchObject({ kind: 'running', run: { id: 'now' } });
    expect(nextStep(project({}), [run({ state: 'paused' })]).kind).toBe('running');
  });

  it('is to look after the newest run when that was interrupted or failed', () => {
    const old = run({ id: 'old', adapterId: 'a', bestTop1: 0.9 });
    expect(nextStep(project({}), [run({ state: 'interrupted' }), old]).kind).toBe('resume');
    expect(nextStep(project({}), [run({ state: 'failed' }), old]).kind).toBe('failed');
    expect(nextStep(project({}), [old, run({ state: 'failed' })]).kind).toBe('use');
  });

  it('is to use the best adapter, not the newest', () => {
    const runs = [
      run({ id: 'new', adapterId: 'a2', bestTop1: 0.8 }),
      run({ id: 'best', adapterId: 'a1', bestTop1: 0.9 }),
      run({ id: 'without', bestTop1: 0.99 }),
    ];
    expect(nextStep(project({}), runs)).toMatchObject({ kind: 'use', adapterId: 'a1' });
  });
});

describe('the list of projects', () => {
  const all = [
    project({ id: '1', name: 'Gulls 10', bestTop1: 0.5, updatedAt: '2026-01-03' }),
    project({ id: '2', name: 'Gulls 9', notes: 'Tried RANK 16', updatedAt: '2026-01-01' }),
    project({ id: '3', name: 'ferns', bestTop1: 0.9, updatedAt: '2026-01-02' }),
  ];
  const ids = (projects: readonly Project[]) => projects.map(({ id }) => id).join('');

  it('is narrowed by every word, in names and notes', () => {
    expect(ids(withWords(all, ''))).toBe('123');
    expect(ids(withWords(all, '  gulls '))).toBe('12');
    expect(ids(withWords(all, 'gulls rank'))).toBe('2');
    expect(ids(withWords(all, 'moss'))).toBe('');
  });

  it('is sorted by any column, those without a figure below the others', () => {
    expect(ids(sortedProjects(all, { key: 'name', down: false }))).toBe('321');
    expect(ids(sortedProjects(all, { key: 'best', down: true }))).toBe('312');
    expect(ids(sortedProjects(all, { key: 'changed', down: true }))).toBe('132');
    expect(ids(sortedProjects(all, null))).toBe('123');
  });
});

describe('the course of the sample', () => {
  const task = (entries: Partial<Task>): Task =>
    ({ kind: 'sample', state: 'running', phase: 'checking', result: null, ...entries }) as Task;
  const started = task({
    state: 'done',
    result: { kind: 'sample', projectId: 'p', runId: 'r' },
  });
  const withRun = (entries: Partial<RunView>) => new Map([['r', run(entries)]]);

  it('is an offer before it was begun, and after it failed or was cancelled', () => {
    expect(sampleProgress(null, new Map()).kind).toBe('offer');
    expect(sampleProgress(task({ state: 'failed' }), new Map()).kind).toBe('offer');
    expect(sampleProgress(task({ state: 'cancelled' }), new Map()).kind).toBe('offer');
  });

  it('goes from importing over training to finishing', () => {
    expect(sampleProgress(task({}), new Map())).toMatchObject({ step: 'importing' });
    expect(sampleProgress(started, new Map())).toMatchObject({ step: 'training', run: null });
    expect(
      sampleProgress(started, withRun({ state: 'running', step: 3, totalSteps: 10 })),
    ).toMatchObject({ step: 'training' });
    expect(
      sampleProgress(started, withRun({ state: 'running', step: 10, totalSteps: 10 })),
    ).toMatchObject({ step: 'finishing' });
  });

  it('ends with an adapter, or halts', () => {
    expect(sampleProgress(started, withRun({ state: 'done', adapterId: 'a' }))).toMatchObject({
      kind: 'ready',
      projectId: 'p',
    });
    expect(sampleProgress(started, withRun({ state: 'stopped', adapterId: 'a' })).kind).toBe(
      'ready',
    );
    expect(sampleProgress(started, withRun({ state: 'interrupted' })).kind).toBe('halted');
    expect(sampleProgress(started, withRun({ state: 'paused' })).kind).toBe('halted');
  });
});

describe('the command palette', () => {
  const command = (label: string) => ({ id: label, label, icon: {}, run: () => {} });
  const groups = [
    { label: 'Places', commands: ['Projects', 'Data', 'Runs'].map(command) },
    { label: 'Actions', commands: ['New project', 'Import data'].map(command) },
  ];
  const labels = (query: string) =>
    matching(groups, query).flatMap(({ commands }) => commands.map(({ label }) => label));

  it('offers everything before anything is typed', () => {
    expect(labels('')).toEqual(['Projects', 'Data', 'Runs', 'New project', 'Import data']);
  });

  it('finds commands that have every word, and leaves out empty groups', () => {
    expect(labels('proj')).toEqual(['Projects', 'New project']);
    expect(labels('data imp')).toEqual(['Import data']);
    expect(matching(groups, 'runs')).toHaveLength(1);
    expect(labels('zebra')).toEqual([]);
  });

  it('puts those that begin with the query first', () => {
    const mixed = [{ label: 'Runs', commands: ['my gulls', 'gulls 2', 'old gulls'].map(command) }];
    expect(matching(mixed, 'gulls')[0]?.commands.map(({ label }) => label)).toEqual([
      'gulls 2',
      'my gulls',
      'old gulls',
    ]);
  });
});
