import { expect, expectTypeOf, test } from 'vitest';
import * as v from 'valibot';
import type { BackboneReference, Job, TrainJob } from '../../../shared/contract/engine/jobs.ts';
import { engineEventSchema, type EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { EvaluateResult, MergeResult } from '../../../shared/contract/engine/results.ts';
import type { HostProcessMessage } from '../../../shared/contract/shell/messages.ts';
import type { EventPayload } from '../../../shared/contract/window/events.ts';
import type { Reply } from '../../../shared/contract/window/messages.ts';
import type { Input, Output } from '../../../shared/contract/window/procedures.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { StoredEvaluation } from '../../../shared/domain/library.ts';
import type { Evaluation, MetricRecord, Verification } from '../../../shared/domain/metrics.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';

// Verified by the type check of the tests: these hold for every message, or the project does not
// compile.

test('what the engine found reaches a window as the same type', () => {
  expectTypeOf<EvaluateResult['evaluation']>().toEqualTypeOf<Evaluation>();
  expectTypeOf<StoredEvaluation['evaluation']>().toEqualTypeOf<Evaluation>();
  expectTypeOf<Output<'evaluations.get'>>().toEqualTypeOf<StoredEvaluation>();
  expectTypeOf<MergeResult['verification']>().toEqualTypeOf<Verification>();
  type Metrics = Extract<EngineEvent, { type: 'metrics' }>;
  expectTypeOf<Metrics['record']>().toEqualTypeOf<MetricRecord>();
  expectTypeOf<EventPayload<'metrics'>['records']>().toEqualTypeOf<MetricRecord[]>();
});

test('settings and architectures go through as they are', () => {
  expectTypeOf<Input<'runs.plan'>['config']>().toEqualTypeOf<TrainingConfig>();
  expectTypeOf<TrainJob['config']>().toEqualTypeOf<TrainingConfig>();
  expectTypeOf<BackboneReference['architecture']>().toEqualTypeOf<Architecture>();
});

test('a job and an event are told apart by one word, and no part of them is written to', () => {
  expectTypeOf<Job['kind']>().toEqualTypeOf<
    | 'train'
    | 'benchmark'
    | 'evaluate'
    | 'predict'
    | 'interactive-predict'
    | 'merge'
    | 'augment'
    | 'probe'
  >();
  expectTypeOf<TrainJob['classes']>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<Evaluation['confusion']>().toEqualTypeOf<readonly (readonly number[])[]>();
  type Failed = Extract<EngineEvent, { type: 'error' }>;
  expectTypeOf<Failed>().toEqualTypeOf<{ readonly type: 'error'; readonly error: ErrorReport }>();
});

test('the shell passes on what the host says to a window', () => {
  expectTypeOf<Reply>().toExtend<HostProcessMessage>();
  expectTypeOf<HostProcessMessage['type']>().toEqualTypeOf<
    Reply['type'] | 'ready' | 'failed' | 'picture'
  >();
});

test('an event of another kind, or with a part that is none, is refused', () => {
  const log = { type: 'log', level: 'info', message: 'Compiled.' };
  expect(v.parse(engineEventSchema, { ...log, extra: 1 })).toEqual(log);
  expect(v.is(engineEventSchema, { ...log, level: 'loud' })).toBe(false);
  expect(v.is(engineEventSchema, { type: 'whistle' })).toBe(false);
  const record = { kind: 'validation', step: 1, epoch: 1, loss: 0.5, top1: 1, best: true };
  expect(v.is(engineEventSchema, { type: 'metrics', record })).toBe(true);
  expect(v.is(engineEventSchema, { type: 'metrics', record: { ...record, step: 0.5 } })).toBe(
    false,
  );
});
