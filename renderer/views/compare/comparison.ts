import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { RunState } from '../../../shared/domain/library.ts';
import { allSettings } from '../../../shared/training/config.ts';
import { matters, settingValue } from '../../../shared/training/settings.ts';
import {
  formatCount,
  formatDuration,
  formatLoss,
  formatPercent,
  formatSignificant,
  NO_VALUE,
} from '../../domain/format.ts';
import { t } from '../../i18n.ts';
import { differencesAmong } from '../../domain/settings.ts';
import type { RunHistory } from '../../domain/run-history.ts';
import { durationOf, shownState } from '../../domain/run-state.ts';
import { settingName, settingText, valueText } from '../../domain/words.ts';

/** One row of a comparison: one value per run, in order. */
export interface ComparisonRow {
  readonly key: string;
  readonly name: string;
  /** Explanation of the name, where needed. */
  readonly text: string;
  readonly values: readonly string[];
  /** Indices of the best values; empty if none stands out. */
  readonly best: readonly number[];
}

/** Dataset, backbone and settings in which the runs differ. */
export function settingRows(runs: readonly RunView[]): ComparisonRow[] {
  const plain = (key: string, name: string, values: readonly string[]): ComparisonRow[] =>
    new Set(values).size > 1 ? [{ key, name, text: '', values, best: [] }] : [];
  const settings = runs.map(({ config }) => allSettings(config));
  const keys = differencesAmong(settings);
  return [
    ...plain(
      'dataset',
      t('runs.column.dataset'),
      runs.map((run) => run.datasetName),
    ),
    ...plain(
      'backbone',
      t('runs.column.backbone'),
      runs.map((run) => run.backboneName),
    ),
    ...keys.map((key) => ({
      key,
      name: settingName(key),
      text: settingText(key),
      values: settings.map((one) =>
        matters(key, one) ? valueText(key, settingValue(one, key)) : NO_VALUE,
      ),
      best: [],
    })),
  ];
}

/** The result of one run. */
export interface Result {
  readonly state: RunState;
  readonly top1: number | null;
  readonly loss: number | null;
  readonly epoch: number | null;
  readonly steps: number;
  readonly seconds: number | null;
  readonly imagesPerSecond: number | null;
}

export function resultOf(run: RunView, history: RunHistory): Result {
  const index = history.best();
  const { top1, loss, epoch } = history.validation;
  const stepSeconds = history.trainingSeconds(run.counts.train);
  const images = (history.train.epoch.last ?? 0) * run.counts.train;
  return {
    state: shownState(run),
    top1: index < 0 ? run.bestTop1 : top1.view()[index]!,
    loss: index < 0 ? run.bestLoss : loss.view()[index]!,
    epoch: index < 0 ? null : epoch.view()[index]!,
    steps: Math.max(run.step, history.lastStep),
    seconds: durationOf(run),
    imagesPerSecond: stepSeconds === null || stepSeconds === 0 ? null : images / stepSeconds,
  };
}

/** The results of the runs, with the best of each row. */
export function resultRows(results: readonly Result[]): ComparisonRow[] {
  const row = (
    key: 'best' | 'bestLoss' | 'bestEpoch' | 'steps' | 'duration' | 'speed',
    values: readonly (number | null)[],
    write: (value: number) => string,
    better: 'more' | 'less' | null,
  ): ComparisonRow => ({
    key,
    name: t(`runs.comparison.${key}`),
    text: key === 'duration' ? t('terms.duration.text') : '',
    values: values.map((value) => (value === null ? NO_VALUE : write(value))),
    best: better === null ? [] : bestPlaces(values, better),
  });
  const all = <K extends keyof Result>(key: K): Result[K][] => results.map((one) => one[key]);
  const states: ComparisonRow = {
    key: 'state',
    name: t('runs.column.state'),
    text: '',
    values: results.map(({ state }) => t(`frame.runStates.${state}`)),
    best: [],
  };
  return [
    states,
    row('best', all('top1'), (value) => formatPercent(value), 'more'),
    row('bestLoss', all('loss'), formatLoss, 'less'),
    row('bestEpoch', all('epoch'), formatCount, null),
    row('steps', all('steps'), formatCount, null),
    row('duration', all('seconds'), (value) => formatDuration(value), null),
    row('speed', all('imagesPerSecond'), (value) => formatSignificant(value), null),
  ];
}

/** Indices of the best values; empty if all are equal or there is only one. */
export function bestPlaces(values: readonly (number | null)[], better: 'more' | 'less'): number[] {
  const there = values.filter((value) => value !== null);
  const best = better === 'more' ? Math.max(...there) : Math.min(...there);
  if (there.length < 2 || there.every((value) => value === best)) return [];
  return values.flatMap((value, index) => (value === best ? [index] : []));
}
