// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { classChoices, shownState } from '../../../../renderer/domain/dataset-classes.ts';
import { setLocale } from '../../../../renderer/i18n.ts';

const none = { train: 0, val: 0, test: 0 };
/** The class with label 1 was merged. */
const dataset = {
  classes: [
    { ...none, index: 0, name: 'gull', train: 5, excluded: 0, leftOut: false },
    { ...none, index: 2, name: 'tern', excluded: 4, leftOut: true },
  ],
};

describe('a class that is left out', () => {
  beforeEach(() => setLocale('en'));

  it('says so where classes are chosen, by their labels', () => {
    expect(classChoices(dataset)).toEqual([
      { value: 0, label: 'gull' },
      { value: 2, label: 'tern (left out)' },
    ]);
  });

  it('excludes its images, whatever their files are', () => {
    const image = { label: 0, state: 'ok', excluded: false } as const;
    expect(shownState(dataset, image)).toBe('ok');
    expect(shownState(dataset, { ...image, state: 'missing' })).toBe('missing');
    expect(shownState(dataset, { ...image, excluded: true })).toBe('excluded');
    expect(shownState(dataset, { ...image, label: 2 })).toBe('excluded');
    expect(shownState(dataset, { ...image, label: 2, state: 'missing' })).toBe('excluded');
  });
});
