// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { computed, h, ref } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import { beforeEach, describe, expect, it } from 'vitest';
import { RunHistory } from '../../../renderer/domain/run-history.ts';
import { setLocale } from '../../../renderer/i18n.ts';
import EvaluationTable from '../../../renderer/views/adapter/EvaluationTable.vue';
import EvaluationFigures from '../../../renderer/views/evaluation/EvaluationFigures.vue';
import RunFigures from '../../../renderer/views/run/RunFigures.vue';
import type { FollowedRun } from '../../../renderer/composables/use-run-history.ts';
import { setBridge } from '../../../renderer/bridge/index.ts';
import type { StoredEvaluation } from '../../../shared/domain/library.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import { registerTaskSpec } from '../../../shared/tasks/registry.ts';
import { tagsSpec } from '../../fixtures/tags/spec.ts';
import { FakeBridge } from './fake-bridge.ts';
import { runView } from './runs.ts';

// A task that is built into neither the window nor the command line.
registerTaskSpec(tagsSpec);

const perClass = ['red', 'green'].map((label) => ({
  ...{ label, n: 2, precision: 1, recall: 1, f1: 1 },
}));
const evaluation = { n: 4, top1: 0.75, top5: 1, loss: 0.25, macroF1: 0.5, perClass };
const stored = (task: string, metrics?: Record<string, number>): StoredEvaluation => ({
  ...{ id: 'e1', adapterId: 'a1', datasetId: 'd1', split: 'val', task },
  evaluation: { ...evaluation, confusion: [], ...(metrics === undefined ? {} : { metrics }) },
  classNotes: [],
  createdAt: '2026-11-22T10:00:00.000Z',
});

/** A run's records in the form in which pages receive them. */
function followedWith(records: readonly MetricRecord[]): FollowedRun {
  const history = new RunHistory();
  history.append(records);
  return {
    ...{ history, version: ref(1), samples: ref([]), log: ref([]), loaded: ref(true) },
    error: ref(null),
    of: (look) => computed(() => look(history)),
    reload: () => Promise.resolve(),
  };
}

const runFigures = (run: RunView, records: readonly MetricRecord[]): string[][] => {
  const props = { run, followed: followedWith(records) };
  return figuresOf(mount(() => h(TooltipProvider, () => h(RunFigures, props))));
};

const figuresOf = (wrapper: VueWrapper): string[][] =>
  wrapper.findAll('.figure').map((one) => one.findAll('dt, .value').map((part) => part.text()));

beforeEach(() => {
  setActivePinia(createPinia());
  setBridge(new FakeBridge({ 'datasets.list': () => [] }));
  setLocale('en');
});

describe('the metrics of a task that the window has no words for', () => {
  it('are the figures of an evaluation, in the order of the task', () => {
    const wrapper = mount(EvaluationFigures, {
      props: { stored: stored('tags', { exact: 0.625 }) },
    });
    expect(figuresOf(wrapper)).toEqual([
      ['all tags right', '62.5 %'],
      ['Loss', '0.250'],
      ['Images', '4'],
    ]);
  });

  it('are columns of the evaluations of an adapter', () => {
    const router = createRouter({
      history: createMemoryHistory(),
      routes: [{ path: '/:any(.*)*', component: { template: '' } }],
    });
    const wrapper = mount(EvaluationTable, {
      props: { evaluations: [stored('tags', { exact: 0.625 })] },
      global: { plugins: [router] },
    });
    expect(wrapper.text()).toContain('all tags right');
    expect(wrapper.text()).toContain('62.5 %');
    expect(wrapper.text()).not.toContain('Macro F1');
  });

  it('are told of a run by the one that chooses its best state', () => {
    const common = { kind: 'validation', loss: 0.5, top1: 0.9 } as const;
    const records: MetricRecord[] = [
      { ...common, step: 1, epoch: 1, best: true, metrics: { exact: 0.5 } },
      { ...common, step: 2, epoch: 2, best: false, metrics: { exact: 0.25 } },
    ];
    const run = runView({ task: 'tags', bestTop1: 0.9, bestLoss: 0.5 });
    expect(runFigures(run, records).slice(0, 2)).toEqual([
      ['Best: all tags right', '50.0 %'],
      ['all tags right, now', '25.0 %'],
    ]);
    expect(runFigures(run, [])[0]).toEqual(['Best: all tags right', '–']);
  });
});

describe('the metrics of single-label classification', () => {
  it('have the words of the window, and say nothing that few classes make meaningless', () => {
    const wrapper = mount(EvaluationFigures, { props: { stored: stored('single-label') } });
    expect(figuresOf(wrapper)).toEqual([
      ['Accuracy', '75.0 %'],
      ['Macro F1', '0.500'],
      ['Loss', '0.250'],
      ['Images', '4'],
    ]);
    const run = runView({ bestTop1: 0.9, bestLoss: 0.5 });
    expect(runFigures(run, [])[0]).toEqual(['Best accuracy', '90.0 %']);
  });
});
