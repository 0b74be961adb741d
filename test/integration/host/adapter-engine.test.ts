import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAdapterFolder } from '../../../main/formats/adapter-folder.ts';
import { spawnChildEngine } from '../../../main/host/engine/child-engine.ts';
import type { EngineSpawner } from '../../../main/host/contract/engine.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import { openStudio } from '../../../main/host/open-studio.ts';
import { SMALLEST_VIT, SHORT_TRAINING } from '../../fixtures/engine/test-bed.ts';
import { writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';
import { refusal, writeImage } from '../../unit/host/support.ts';

/** The real engine on the interpreter, so that nothing is compiled. */
const spawn: EngineSpawner = (options) =>
  spawnChildEngine({ ...options, env: { ...options.env, KARST_BACKEND: 'tfjs-cpu' } });

let folder: string;
let studio: Studio;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'karst-adapters-'));
  const images = join(folder, 'images');
  for (let i = 0; i < 24; i++)
    await writeImage(join(images, ['dark', 'light', 'red'][i % 3] ?? '', `${i}.png`), colour(i));
  const weights = await writeTinyBackbone(join(folder, 'backbone'), { architecture: SMALLEST_VIT });
  studio = await openStudio({ home: join(folder, 'home'), spawn, starter: null });
  await studio.backbones.add(weights, { name: 'smallest' });
  await studio.datasets.add(images, { name: 'colours', val: 0.25 });
  const { id } = await studio.runs.create({
    backbone: 'smallest',
    dataset: 'colours',
    name: 'colours',
    config: SHORT_TRAINING,
  });
  await studio.scheduler.train(id, { resume: false });
});
afterAll(async () => {
  await studio.close();
  rmSync(folder, { recursive: true });
});

/** Overlapping colours, so that some answers are wrong. */
const colour = (i: number): number =>
  [i * 1000, 0xffffff - i * 1000, 255 + i * 70_000][i % 3]! & 0xffffff;

const ALL = { truth: null, predicted: null, mistakes: false };
const PAGE = { offset: 0, limit: 100 };

describe('an adapter and the engine', () => {
  it('is evaluated so that every cell of the matrix has its images', async () => {
    const { stored, evaluation } = await studio.evaluations.evaluate('colours', {
      dataset: 'colours',
      split: 'train',
    });
    expect(evaluation.n).toBe(18);
    for (const [truth, row] of evaluation.confusion.entries())
      for (const [predicted, count] of row.entries()) {
        const filter = { truth, predicted, mistakes: false };
        const cell = studio.evaluations.images(stored.id, filter, PAGE);
        expect([truth, predicted, cell.images.length]).toEqual([truth, predicted, count]);
      }
    const { images } = studio.evaluations.images(stored.id, ALL, PAGE);
    expect(images).toHaveLength(18);
    const sure = images.map((image) => image.probability ?? 0);
    expect(sure).toEqual(sure.toSorted((a, b) => b - a));
    const classes = studio.adapters.get('colours').classes;
    for (const { path, truth } of images) expect(path).toContain(classes[truth]);
  });

  it('says the same at once, in a table, and for a list of paths', async () => {
    const paths = [...studio.datasets.images('colours', 'val')].map((image) => image.path);
    const broken = join(folder, 'images', 'broken.png');
    writeFileSync(broken, 'no picture');
    const rows = await studio.predictions.ofPaths('colours', { paths, top: 3 });
    const asked = { paths: [...paths, broken], top: 3 };
    const answers = await studio.predictions.atOnce('colours', asked);
    expect(answers.at(-1)).toMatchObject({ error: { code: 'format-unknown', path: broken } });
    const out = join(folder, 'table.csv');
    const table = await studio.predictions.ofFolder('colours', {
      folder: join(folder, 'images'),
      out,
      top: 3,
    });
    expect(table).toMatchObject({ out, images: 25, unreadable: 1 });
    expect(table.rows).toContainEqual({ file: 'broken.png', label: null, probability: null });
    rmSync(broken);
    const lines = new Map(
      parse(readFileSync(out, 'utf8')).map(([file = '', ...rest]) => [file, rest]),
    );
    for (const [i, path] of paths.entries()) {
      const row = rows[i];
      const answer = answers[i];
      if (row === undefined || 'error' in row) throw new Error('no prediction');
      if (answer === undefined || 'error' in answer) throw new Error('no answer');
      expect(answer.predictions.map((p) => p.label)).toEqual(row.predictions.map((p) => p.label));
      answer.predictions.forEach((p, rank) =>
        expect(p.probability).toBeCloseTo(row.predictions[rank]?.probability ?? NaN, 5),
      );
      const line = lines.get(path.slice(join(folder, 'images/').length));
      expect([line?.[0], line?.[2], line?.[4], line?.[6]]).toEqual([
        ...row.predictions.map((p) => p.label),
        '',
      ]);
      expect(Number(line?.[1])).toBeCloseTo(row.predictions[0]?.probability ?? NaN, 5);
    }
  });

  it('answers about pictures of any kind that is taken', async () => {
    const pictures = join(folder, 'pictures');
    await writeImage(join(pictures, 'a.png'), colour(1), 40, 30);
    for (const format of ['jpeg', 'webp', 'tiff', 'gif', 'avif'] as const)
      await sharp(join(pictures, 'a.png'))
        .toFormat(format)
        .toFile(join(pictures, `a.${format}`));
    const paths = ['png', 'jpeg', 'webp', 'tiff', 'gif', 'avif'].map((e) =>
      join(pictures, `a.${e}`),
    );
    const answers = await studio.predictions.atOnce('colours', { paths, top: 1 });
    const labels = answers.map((a) => ('error' in a ? a.error.message : a.predictions[0]?.label));
    expect(new Set(labels).size).toBe(1);
  });

  it('is the same adapter when it has travelled in a file, and merges without its run', async () => {
    const file = join(folder, 'colours.karst');
    await studio.merging.export('colours', { format: 'karst', out: file });
    const guest = await studio.adapters.import(file, { name: 'guest' });
    expect(guest.runId).toBe(null);
    const measured = { dataset: 'colours', split: 'val' } as const;
    const [one, two] = [
      await studio.evaluations.evaluate('colours', measured),
      await studio.evaluations.evaluate('guest', measured),
    ];
    expect(two.evaluation).toEqual(one.evaluation);
    const { verification } = await studio.merging.merge('guest');
    expect(verification.images).toBe(6);
    expect(verification.maxAbsDiff).toBeLessThanOrEqual(verification.tolerance);
  });

  it('predicts the same as a backbone with a head of its own, once it is merged', async () => {
    const { out } = await studio.merging.merge('colours', { out: join(folder, 'merged-colours') });
    const { id, labels } = await studio.backbones.add(out, { name: 'colours-merged' });
    const { classes } = studio.adapters.get('colours');
    const named = labels ?? classes.map((_, index) => `class ${index}`);
    const model = { kind: 'backbone', id } as const;
    const paths = [...studio.datasets.images('colours', 'val')].map((image) => image.path);
    const adapted = await studio.predictions.ofPaths('colours', { paths, top: 3 });
    const merged = await studio.predictions.ofPaths(model, { paths, top: 3 });
    const once = await studio.predictions.atOnce(model, { paths, top: 3 });
    for (const [i, row] of adapted.entries()) {
      const [own, warm] = [merged[i], once[i]];
      if ('error' in row || own === undefined || 'error' in own) throw new Error('no prediction');
      if (warm === undefined || 'error' in warm) throw new Error('no answer');
      for (const [rank, { label, probability }] of row.predictions.entries()) {
        for (const { predictions } of [own, warm]) {
          expect(predictions[rank]?.label).toBe(named[classes.indexOf(label)]);
          expect(predictions[rank]?.probability).toBeCloseTo(probability, 4);
        }
      }
    }
    const without = studio.backbones.list().find(({ architecture }) => architecture.classes === 0);
    const asked = { kind: 'backbone', id: without?.id ?? '' } as const;
    await refusal(studio.predictions.ofPaths(asked, { paths }), 'not-available');
  });

  it('is evaluated through the history of the classes, as its probabilities say by hand', async () => {
    const { id, classes } = studio.datasets.get('colours');
    const [dark, light, red] = classes.map(({ index }) => index);
    const images = [...studio.datasets.images(id, 'train')];
    const rows = await studio.predictions.ofPaths('colours', {
      paths: images.map(({ path }) => path),
      top: 3,
    });
    studio.classes.rename(id, red!, 'Rot');
    studio.classes.merge(id, light!, dark!);
    studio.classes.rename(id, dark!, 'grey');
    const { evaluation, stored } = await studio.evaluations.evaluate('colours', {
      dataset: id,
      split: 'train',
    });
    const expected = {
      right: 0,
      loss: 0,
      confusion: [
        [0, 0],
        [0, 0],
      ],
    };
    images.forEach(({ label }, i) => {
      const row = rows[i]!;
      if ('error' in row) throw new Error(row.error.message);
      const of = (name: string): number =>
        row.predictions.find((p) => p.label === name)?.probability ?? 0;
      const probabilities = [of('dark') + of('light'), of('red')];
      const truth = label === red ? 1 : 0;
      const predicted = probabilities[0]! >= probabilities[1]! ? 0 : 1;
      expected.right += truth === predicted ? 1 : 0;
      expected.loss -= Math.log(probabilities[truth]!) / images.length;
      expected.confusion[truth]![predicted]! += 1;
    });
    expect(evaluation.perClass.map(({ label }) => label)).toEqual(['grey', 'Rot']);
    expect(evaluation.confusion).toEqual(expected.confusion);
    expect(evaluation.top1).toBeCloseTo(expected.right / images.length, 12);
    expect(evaluation.loss).toBeCloseTo(expected.loss, 4);
    expect(stored.classNotes).toEqual([
      { kind: 'merged', former: ['dark', 'light'], name: 'grey' },
      { kind: 'renamed', former: 'red', name: 'Rot' },
    ]);
    const { images: judged } = studio.evaluations.images(stored.id, ALL, PAGE);
    for (const { position, truth } of judged)
      expect(truth).toBe(studio.datasets.image(id, position).label === red ? 1 : 0);
    // Merging compares the models on the images by the adapter's own classes.
    const { verification } = await studio.merging.merge('colours', { dataset: id });
    expect(verification.images).toBeGreaterThan(0);
  });

  it('predicts under other names once its classes have them, and is evaluated as before', async () => {
    const { classes } = studio.adapters.get('colours');
    const before = await studio.evaluations.evaluate('colours', { dataset: 'colours' });
    const names = new Map([
      ['dark', 'light'],
      ['light', 'dark'],
    ]);
    const adapter = await studio.adapters.renameClasses('colours', names);
    expect(adapter.classes).toEqual(classes.map((own) => names.get(own) ?? own));
    const { labels } = await readAdapterFolder(adapter.folder);
    expect(labels).toEqual(adapter.classes);
    const card = readFileSync(join(adapter.folder, 'README.md'), 'utf8');
    expect(card).toContain(`- Classes (3): ${adapter.classes.join(', ')}`);
    const after = await studio.evaluations.evaluate('colours', { dataset: 'colours' });
    expect(after.evaluation).toEqual(before.evaluation);
    for (const wrong of [
      [['dark', 'red'], 'name-taken'],
      [['dark', ''], 'usage'],
      [['green', 'x'], 'not-found'],
    ] as const) {
      const [change, code] = wrong;
      await expect(
        studio.adapters.renameClasses('colours', new Map([[change[0], change[1]]])),
      ).rejects.toMatchObject({ code });
    }
    expect(studio.adapters.get('colours')).toEqual(adapter);
  });
});
