import type { RunView } from '../../../shared/contract/window/runs.ts';
import { TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';

/** A run with defaults, overridden by `values`. */
export function runView(values: Partial<RunView> = {}): RunView {
  return {
    id: 'r1',
    name: 'first',
    state: 'running',
    method: 'karst',
    task: 'single-label',
    backboneId: 'b1',
    backboneName: 'starter',
    datasetId: 'd1',
    datasetName: 'digits',
    classes: ['0', '1'],
    counts: { train: 80, val: 20, test: 0 },
    config: TRAINING_DEFAULTS,
    folder: '/home/runs/r1',
    createdAt: '2026-11-22T10:00:00.000Z',
    startedAt: '2026-11-22T10:00:01.000Z',
    endedAt: null,
    activeSeconds: 12.5,
    step: 10,
    epoch: 1,
    checkpointStep: null,
    bestTop1: null,
    bestLoss: null,
    checkpointedBlocks: null,
    adapterId: null,
    parentAdapterId: null,
    parent: null,
    error: null,
    projectId: null,
    notes: '',
    totalSteps: 60,
    queuePosition: null,
    progress: null,
    ...values,
  };
}
