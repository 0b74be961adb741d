import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkEvaluation, checkVerification } from '../../../main/cli/demo/steps.ts';
import { writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';
import { answer, karst, workplace } from './karst.ts';
import { demo } from './schemas.ts';

/** Timeout for twelve sequential engine runs, whose duration depends on the machine. */
const PATIENCE = 900_000;

let folder: string;
let weights: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await workplace());
  weights = await writeTinyBackbone(path.join(folder, 'tiny'));
});
afterAll(() => remove());

describe('the demo', () => {
  it(
    'does the main job on another backbone, twice in one home',
    async () => {
      const home = path.join(folder, 'home');
      const options = ['demo', '--home', home, '--backbone', weights, '--epochs', '3'];
      const report = await answer(demo, options);
      expect(report.home).toBe(home);
      expect(report.images.train + report.images.val).toBe(1797);
      expect(report.top1).toBeGreaterThan(0.2);
      expect(report.merged.verification.images).toBeGreaterThan(0);
      expect(existsSync(path.join(report.merged.out, 'model.safetensors'))).toBe(true);
      expect(existsSync(path.join(report.exported.out, 'config.json'))).toBe(true);
      expect(report.predictions.map((p) => p.truth)).toEqual(['2', '5', '8']);

      const people = await karst([...options.slice(0, -1), '2']);
      expect(people.code, people.error).toBe(0);
      for (const step of [1, 2, 3, 4, 5, 6])
        expect(people.out).toMatch(new RegExp(`^${step}/6 `, 'm'));
      expect(people.out).toMatch(/^validation top-1 +\d+\.\d %$/m);
      expect(people.out).toMatch(/^merged differs by +\S+ at most/m);
    },
    PATIENCE,
  );
});

describe('the demo’s own doubts', () => {
  const dataset = {
    classes: Array.from({ length: 10 }, (_, index) => ({
      index,
      name: `${index}`,
      ...{ train: 1, val: 36, test: 0, excluded: 0, leftOut: false },
    })),
    counts: { train: 10, val: 360, test: 0 },
  };

  it.each([
    [{ n: 359, top1: 0.9 }, { top1: 0.9 }, 'only 359 of 360 images were evaluated'],
    [{ n: 360, top1: 0.11 }, { top1: 0.11 }, 'its accuracy is 11.0 %, and guessing gives 10.0 %'],
    [{ n: 360, top1: 0.8 }, { top1: 0.9 }, 'at the end of training it was 90.0 %'],
  ])('fail it at %j', (evaluation, trained, reason) => {
    expect(() => checkEvaluation(evaluation, dataset, trained)).toThrow(reason);
  });

  it('let good results pass and refuse a merged model that differs', () => {
    checkEvaluation({ n: 360, top1: 0.9 }, dataset, { top1: 0.9 });
    const good = { images: 64, maxAbsDiff: 1e-6, tolerance: 1e-4, top1Agreement: 1 };
    checkVerification(good, '/out');
    for (const bad of [{ maxAbsDiff: 1e-3 }, { images: 0 }, { maxAbsDiff: Number.NaN }]) {
      expect(() => checkVerification({ ...good, ...bad }, '/out')).toThrow('/out does not give');
    }
  });
});
