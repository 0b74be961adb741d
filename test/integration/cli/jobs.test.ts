import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TINY_VIT, writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';
import { trainableParameters } from '../../../main/cli/training.ts';
import { answer, karst, refusal, someDigits, workplace } from './karst.ts';
import {
  adapter,
  adapterImported,
  adapterShown,
  binned,
  dataset,
  datasetImport,
  datasetShown,
  done,
  measured as evaluated,
  exported,
  metrics,
  predictions,
  restored,
  run,
  runShown,
  started,
  trainEvent,
  verified,
} from './schemas.ts';
import { runPlan } from '../../../shared/contract/window/runs.ts';
import { EXPORT_NOTES } from '../../../shared/domain/export-words.ts';
import { KARST_DEFAULTS } from '../../../shared/methods/karst.ts';
import { completeConfig } from '../../../shared/training/config.ts';

let folder: string;
let home: string;
let images: string;
let remove: () => Promise<void>;
const at = (...args: string[]) => [...args, '--home', home];
const train = (name: string, ...args: string[]) =>
  at('train', '--backbone', 'tiny', '--dataset', 'some', '--name', name, ...args);

beforeAll(async () => {
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
  images = path.join(folder, 'digits');
  someDigits(images, 3, 20);
  const weights = await writeTinyBackbone(path.join(folder, 'tiny'));
  await karst(at('backbone', 'add', weights, '--name', 'tiny'));
  await karst(at('dataset', 'add', images, '--name', 'some', '--val', '0.25'));
});
afterAll(() => remove());

function events(out: string): v.InferOutput<typeof trainEvent>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => v.parse(trainEvent, JSON.parse(line)));
}

describe('a training and what comes of it', () => {
  it('streams its events and ends with the adapter', async () => {
    const { code, out } = await karst([
      ...train('first', '--epochs', '3', '--batch-size', '15', '--lr', '0.003', '--seed', '7'),
      '--set',
      'karst.rank=2',
      '--json',
    ]);
    expect(code, out).toBe(0);
    const all = events(out);
    const parameters = trainableParameters(
      { architecture: TINY_VIT, preprocessing: { imageSize: TINY_VIT.imageSize } },
      completeConfig({ karst: { rank: 2 } }),
      3,
    );
    expect(v.parse(started, all[0])).toMatchObject({
      name: 'first',
      method: 'karst',
      backbone: 'tiny',
      dataset: 'some',
      classes: 3,
      images: { train: 45, val: 15, test: 0 },
      epochs: 3,
      trainableParameters: parameters,
    });
    const last = v.parse(done, all.at(-1));
    expect(last.trainableParameters).toBe(parameters);
    const validations = all.filter((e) => e.event === 'metrics' && e.kind === 'validation');
    expect(validations).toHaveLength(3);
    expect(all.some((e) => e.event === 'checkpoint')).toBe(true);

    const shown = await answer(runShown, at('runs', 'show', last.run));
    expect(shown).toMatchObject({ name: 'first', state: 'done', adapterId: last.adapter });
    expect(shown.config).toMatchObject({
      seed: 7,
      batchSize: 15,
      tuning: { method: 'karst', options: { rank: 2, kernels: KARST_DEFAULTS.kernels } },
      optimizer: { learningRate: 0.003 },
    });
    expect(shown.bestTop1).toBe(last.metrics.val?.top1);
    expect(await answer(v.array(run), at('runs', 'list'))).toHaveLength(1);
    const listed = await karst(at('runs', 'list'));
    expect(listed.out).toMatch(/^first +\S+ +done +karst +tiny +some +3\/3 /m);
    expect((await karst(at('runs', 'show', 'first'))).out).toMatch(/^epoch +step +val loss/m);
  });

  it('has metrics as JSON and as a table', async () => {
    const records = await answer(v.array(metrics), at('runs', 'metrics', 'first'));
    expect(records.filter(({ kind }) => kind === 'validation')).toHaveLength(3);
    const lines = (await karst(at('runs', 'metrics', 'first'))).out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(records);
    const table = (await karst(at('runs', 'metrics', 'first', '--csv'))).out.trimEnd().split('\n');
    expect(table).toHaveLength(records.length + 1);
    const [header = '', row = ''] = table;
    expect(header).toMatch(/^kind,step,epoch,loss,top1,learningRate,/);
    expect(row.split(',').slice(0, 4)).toEqual(
      (['kind', 'step', 'epoch', 'loss'] as const).map((key) => String(records[0]?.[key])),
    );
    expect(row.split(',')).toHaveLength(header.split(',').length);
  });

  it('takes the only backbone and dataset there are, and asks where there are more', async () => {
    const other = path.join(folder, 'other home');
    const inOther = (...args: string[]) => [...args, '--home', other];
    expect(await refusal(inOther('train'))).toMatchObject({ exit: 2, code: 'usage' });
    const added = await answer(datasetImport, inOther('dataset', 'add', images));
    expect(added.dataset.name).toBe('digits');
    const again = await answer(datasetImport, inOther('dataset', 'add', images));
    expect(again.dataset.name).toBe('digits-2');
    const weights = path.join(folder, 'tiny', 'model.safetensors');
    await karst(inOther('backbone', 'add', weights, '--name', 'tiny'));
    const several = await refusal(inOther('train', '--backbone', 'tiny', '--epochs', '1'));
    expect(several).toMatchObject({ exit: 2, message: 'The library has 2 datasets.' });
    expect(several.hint).toContain('digits, digits-2');
    await karst(inOther('dataset', 'remove', 'digits-2', '--yes'));
    const begun = await karst(inOther('train', '--backbone', 'tiny', '--epochs', '1', '--json'));
    expect(begun.code, begun.out).toBe(0);
  });

  it('is evaluated', async () => {
    const measured = await answer(evaluated, at('evaluate', 'first', '--dataset', 'some'));
    const shown = await answer(adapterShown, at('adapter', 'show', 'first'));
    expect(measured).toMatchObject({ n: 15, dataset: 'some', split: 'val' });
    expect(await answer(evaluated, at('evaluate', 'first'))).toEqual(measured);
    expect(measured.top1).toBeCloseTo(shown.top1 ?? -1, 9);
    expect(measured.perClass.map((c) => [c.label, c.n])).toEqual([
      ['0', 5],
      ['1', 5],
      ['2', 5],
    ]);
    const right = measured.confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
    expect(right / measured.n).toBeCloseTo(measured.top1, 9);
    expect(shown.evaluations).toHaveLength(1);
    const people = await karst(at('evaluate', 'first', '--dataset', 'some', '--split', 'train'));
    expect(people.code).toBe(0);
    expect(people.out).toMatch(/^images +45, train split of some$/m);
    expect(people.out).toMatch(/^actual \\ predicted +0 +1 +2$/m);
    const none = await refusal(at('evaluate', 'first', '--dataset', 'some', '--split', 'test'));
    expect(none).toMatchObject({ exit: 1, code: 'dataset-unusable' });
  });

  it('is evaluated through what became of the classes of its dataset', async () => {
    const classes = (...args: string[]): string[] => at('dataset', 'class', ...args);
    const renamed = await answer(dataset, classes('rename', 'some', '2', 'a two'));
    expect(renamed.classes.map(({ index, name }) => [index, name])).toEqual([
      [0, '0'],
      [1, '1'],
      [2, 'a two'],
    ]);
    const merged = await karst(classes('merge', 'some', '1', '0'));
    expect(merged.out).toBe(
      '"1" is merged into "0" in some: 20 images moved.\n' +
        `To undo it: karst dataset class unmerge some 1 --home ${home}\n`,
    );
    const people = await karst(at('evaluate', 'first'));
    expect(people.out).toMatch(/^"1" was merged into "0": their probabilities are summed\.$/m);
    expect(people.out).toMatch(/^"2" is now "a two"\.$/m);
    const measured = await answer(evaluated, at('evaluate', 'first'));
    expect(measured.perClass.map((c) => [c.label, c.n])).toEqual([
      ['0', 10],
      ['a two', 5],
    ]);
    expect(measured.classNotes.map(({ kind }) => kind)).toEqual(['merged', 'renamed']);

    const back = await karst(classes('unmerge', 'some', '1'));
    expect(back.out).toBe('"1" is a class of some again, with 20 images.\n');
    await answer(dataset, classes('leave-out', 'some', 'a two'));
    const shown = await karst(at('dataset', 'show', 'some'));
    expect(shown.out).toMatch(/^images +30 train, 10 val/m);
    expect(shown.out).toMatch(/^classes +3, 1 left out$/m);
    expect(shown.out).toMatch(/^a two \(left out\)/m);
    expect(shown.out).toMatch(/^ {2}\S.* {2}"1" was merged into "0", 20 images$/m);
    const without = await answer(evaluated, at('evaluate', 'first'));
    expect([without.n, without.classNotes.map(({ kind }) => kind)]).toEqual([
      10,
      ['renamed', 'left-out'],
    ]);
    await answer(dataset, classes('include', 'some', 'a two'));
    await answer(dataset, classes('rename', 'some', 'a two', '2'));
    const { history } = await answer(datasetShown, at('dataset', 'show', 'some'));
    expect(history.map(({ kind }) => kind)).toEqual([
      ...['renamed', 'merged', 'unmerged', 'left-out', 'included', 'renamed'],
    ]);
    const taken = await refusal(classes('rename', 'some', '1', '0'));
    expect(taken).toMatchObject({ exit: 1, code: 'name-taken' });
    expect(taken.hint).toContain('merge "1" into "0"');
    for (const wrong of [
      ['unmerge', 'some', '1'],
      ['leave-out', 'some', '3'],
    ])
      expect(await refusal(classes(...wrong))).toMatchObject({ exit: 1, code: 'not-found' });
  });

  it('gets other names for its classes without training', async () => {
    const people = await karst(at('adapter', 'labels', 'first', '0=the zero', '1=a=b'));
    expect(people.out).toBe('"0" is now "the zero" in first.\n"1" is now "a=b" in first.\n');
    const shown = await answer(adapterShown, at('adapter', 'show', 'first'));
    expect(shown.classes).toEqual(['the zero', 'a=b', '2']);
    const names = ['labels', 'first', 'the zero=0', 'a=b=1'];
    const { classes } = await answer(adapter, at('adapter', ...names));
    expect(classes).toEqual(['0', '1', '2']);
    expect(await refusal(at('adapter', 'labels', 'first', '0=1'))).toMatchObject({
      code: 'name-taken',
    });
    expect(await refusal(at('adapter', 'labels', 'first', '7=1'))).toMatchObject({ exit: 2 });
  });

  it('predicts, and names files that it cannot read', async () => {
    const good = path.join(images, '1', readdirSync(path.join(images, '1'))[0] ?? '');
    const bad = path.join(folder, 'bad.png');
    writeFileSync(bad, 'no picture');
    // Exit code 3: only some of the files succeeded.
    const args = at('predict', 'first', good, bad, '--top', '2');
    const rows = await answer(predictions, args, {}, 3);
    expect(rows.map((row) => row.path)).toEqual([good, bad]);
    const [first, second] = rows;
    if (first === undefined || !('predictions' in first)) throw new Error('no prediction');
    expect(first.predictions).toHaveLength(2);
    const [likely, next] = first.predictions.map((p) => p.probability);
    expect(likely).toBeGreaterThanOrEqual(next ?? 1);
    expect(second).toMatchObject({ error: { path: bad } });

    await answer(predictions, at('predict', 'first', good));
    const csv = path.join(folder, 'rows.csv');
    const told = await karst([...args, '--csv', csv]);
    expect(told).toMatchObject({
      code: 3,
      out: expect.stringContaining('Wrote predictions for 1 image') as string,
    });
    const [header, firstLine, secondLine, end] = readFileSync(csv, 'utf8').split('\r\n');
    expect(header).toBe('file,prediction 1,probability 1,prediction 2,probability 2,error');
    const [best, second1] = first.predictions.map((p) => `${p.label},${p.probability.toFixed(6)}`);
    expect(firstLine).toBe(`${good},${best ?? ''},${second1 ?? ''},`);
    expect(secondLine).toContain(`${bad},,,,,`);
    expect(end).toBe('');
    expect(await refusal([...args, '--csv', csv])).toMatchObject({
      exit: 1,
      code: 'name-taken',
      hint: expect.stringContaining('--csv') as string,
    });

    const people = await karst(at('predict', 'first', bad));
    expect(people.code).toBe(1);
    expect(people.out).toBe('');
    expect(people.error).toContain(bad);

    // A folder that contains only subfolders has no images of its own.
    const none = at('predict', 'first', images);
    const [row] = await answer(predictions, none, {}, 1);
    expect(row).toMatchObject({ path: images, error: { code: 'not-found', path: images } });
    expect((await karst(none)).error).toContain('Subfolders are not searched');
  });

  it('is merged and exported with a verification', async () => {
    const out = path.join(folder, 'merged model');
    const merged = await answer(verified, at('merge', 'first', '--out', out));
    expect(merged.out).toBe(out);
    expect(merged.verification.images).toBe(15);
    expect(merged.verification.maxAbsDiff).toBeLessThanOrEqual(merged.verification.tolerance);
    expect(merged.verification.top1Agreement).toBe(1);
    expect(existsSync(path.join(out, 'model.safetensors'))).toBe(true);
    const taken = await refusal(at('merge', 'first', '--out', out));
    expect(taken.exit).toBe(1);
    expect(taken.message).toContain(out);

    const again = path.join(folder, 'exported');
    const people = await karst(at('export', 'first', '--out', again));
    expect(people.code, people.error).toBe(0);
    expect(people.out).toMatch(
      /checked on 15 images: outputs differ by at most .* 100\.0 %\nNeither timm nor .* first\.\n$/,
    );
    expect(readdirSync(again).sort()).toEqual(readdirSync(out).sort());
    expect(readdirSync(again)).toContain('config.json');
  });

  it('is exported to the formats that there are', async () => {
    const out = path.join(folder, 'gguf');
    const report = await refusal(at('export', 'first', '--format', 'gguf', '--out', out));
    expect(report).toMatchObject({ exit: 2, code: 'usage' });
    expect(report.message).toContain('timm, hf, onnx, savedmodel, karst, adapter');
    expect(existsSync(out)).toBe(false);
  });

  it('is exported to ONNX, in the precision that is wanted', async () => {
    const written = (name: string, ...options: string[]) => {
      const out = path.join(folder, name);
      return answer(exported, at('export', 'first', '--format', 'onnx', ...options, '--out', out));
    };
    const whole = await written('onnx');
    expect(whole).toMatchObject({
      verification: { images: 15, tolerance: 1e-4 },
      notes: [EXPORT_NOTES['onnx-cmyk']],
    });
    const half = await written('onnx-half', '--float16');
    const size = ({ out }: { out: string }) => statSync(path.join(out, 'model.onnx')).size;
    expect(size(half)).toBeLessThan(0.7 * size(whole));
    const small = await written('onnx-small', '--int8', '--yes');
    expect(small.verification.accuracy).toBeDefined();
    expect(size(small)).toBeLessThan(size(half));

    const out = path.join(folder, 'never');
    for (const wrong of [
      ['--format', 'timm', '--int8'],
      ['--format', 'onnx', '--int8', '--float16'],
    ])
      expect(await refusal(at('export', 'first', ...wrong, '--out', out))).toMatchObject({
        exit: 2,
        code: 'usage',
      });
    const former = await karst(at('export', 'first', '--format', 'safetensors', '--out', out));
    expect(former.code, former.error).toBe(0);
    expect(readdirSync(out)).toContain('model.safetensors');
  });

  it('is trained on from, on a dataset with one more class', async () => {
    const grown = path.join(folder, 'grown');
    someDigits(grown, 4, 8);
    await karst(at('dataset', 'add', grown, '--name', 'grown', '--val', '0.25'));
    const from = at('train', '--from', 'first', '--dataset', 'grown', '--epochs', '1');
    const { code, out } = await karst([...from, '--name', 'second', '--json']);
    expect(code, out).toBe(0);
    const parent = await answer(adapterShown, at('adapter', 'show', 'first'));
    expect(v.parse(started, events(out)[0])).toMatchObject({
      ...{ method: 'karst', backbone: 'tiny', dataset: 'grown', classes: 4 },
      from: { adapter: parent.id, kept: ['0', '1', '2'], added: ['3'], dropped: [] },
    });
    const second = await answer(adapterShown, at('adapter', 'show', 'second'));
    expect(second).toMatchObject({ parentId: parent.id, classes: ['0', '1', '2', '3'] });
    // The method and its options are those of the adapter: its rank was no default.
    const shown = await answer(runShown, at('runs', 'show', 'second'));
    expect(shown).toMatchObject({ parentAdapterId: parent.id });
    expect(shown.config.tuning).toMatchObject({ method: 'karst', options: { rank: 2 } });
    const measured = await answer(evaluated, at('evaluate', 'second', '--dataset', 'grown'));
    expect(measured.perClass.map(({ label }) => label)).toEqual(['0', '1', '2', '3']);

    expect(await refusal([...from, '--method', 'linear'])).toMatchObject({
      exit: 2,
      code: 'config-invalid',
    });
    const back = await karst(at('train', '--from', 'second', '--dataset', 'some', '--epochs', '1'));
    expect(back.code, back.error).toBe(0);
    expect(back.out).toContain('Starting from "second": 3 classes kept, 1 no longer there (3).');
    expect((await karst(at('adapter', 'show', 'second'))).out).toMatch(/^started from +first \(/m);
  });

  it('is carried in one file', async () => {
    const out = path.join(folder, 'first.karst');
    const carried = await answer(
      v.strictObject({ out: v.literal(out), verification: v.null(), notes: v.array(v.never()) }),
      at('export', 'first', '--format', 'karst', '--out', out),
    );
    expect(carried.out).toBe(out);
    expect(await refusal(at('export', 'first', '--format', 'karst', '--out', out))).toMatchObject({
      exit: 1,
      code: 'name-taken',
    });
    const imported = await answer(
      adapterImported,
      at('adapter', 'import', out, '--name', 'carried'),
    );
    expect(imported).toMatchObject({ name: 'carried', runId: null, classes: ['0', '1', '2'] });
    const [first] = await answer(v.array(adapter), at('adapter', 'list'));
    expect(imported.sameAs).toBe(first?.id);
    const measured = await answer(evaluated, at('evaluate', 'carried', '--dataset', 'some'));
    expect(measured).toEqual(await answer(evaluated, at('evaluate', 'first', '--dataset', 'some')));
    writeFileSync(path.join(folder, 'damaged.karst'), 'PK');
    const damaged = await refusal(at('adapter', 'import', path.join(folder, 'damaged.karst')));
    expect(damaged).toMatchObject({ exit: 1, code: 'file-damaged' });
  });

  it('goes to the bin and comes back, with its notes, under a name that is free', async () => {
    const { id } = await answer(adapter, at('adapter', 'rename', 'carried', 'guest'));
    await karst(at('adapter', 'note', 'guest', 'From the other house.'));
    const removed = await karst(at('adapter', 'remove', 'guest', '--yes'));
    expect(removed.out).toContain(`karst bin restore ${id} --home ${home}`);
    const listed = await answer(v.array(binned), at('bin', 'list'));
    expect(listed).toMatchObject([{ id, kind: 'adapter', name: 'guest' }]);
    expect((await karst(at('bin', 'list'))).out).toMatch(
      new RegExp(`^guest +${id} +adapter `, 'm'),
    );

    await answer(adapter, at('adapter', 'rename', 'first', 'guest'));
    const back = await answer(restored, at('bin', 'restore', 'guest'));
    expect(back).toEqual({ id, kind: 'adapter', name: 'guest-2', formerName: 'guest' });
    await answer(adapter, at('adapter', 'rename', 'guest', 'first'));
    const shown = await answer(adapterShown, at('adapter', 'show', id));
    expect(shown.notes).toBe('From the other house.');
    expect(shown.evaluations).toHaveLength(1);

    await karst(at('adapter', 'remove', id, '--yes'));
    expect(await refusal(at('bin', 'delete', id))).toMatchObject({ code: 'usage' });
    const deleted = await answer(
      v.strictObject({ deleted: binned }),
      at('bin', 'delete', id, '--yes'),
    );
    expect(deleted.deleted.name).toBe('guest-2');
    expect((await karst(at('bin', 'list'))).out).toBe('The bin is empty.\n');
    expect(await refusal(at('bin', 'restore', id))).toMatchObject({ exit: 1, code: 'not-found' });
  });

  it('is tagged, listed, copied out, imported elsewhere, and removed', async () => {
    const tagged = await answer(adapter, at('adapter', 'tag', 'first', 'good', 'small'));
    expect([...tagged.tags].sort()).toEqual(['good', 'small']);
    const less = await answer(adapter, at('adapter', 'tag', 'first', 'small', '--remove'));
    expect(less.tags).toEqual(['good']);
    expect((await karst(at('adapter', 'list'))).out).toMatch(
      /^first +\S+ +karst +tiny +3 .* good$/m,
    );

    const copy = path.join(folder, 'copied adapter');
    cpSync(less.folder, copy, { recursive: true });
    const imported = await answer(
      adapterImported,
      at('adapter', 'import', copy, '--name', 'copied'),
    );
    expect(imported).toMatchObject({ name: 'copied', runId: null, classes: ['0', '1', '2'] });

    const stranger = path.join(folder, 'stranger');
    mkdirSync(stranger);
    expect((await refusal(['adapter', 'import', copy, '--home', stranger])).code).toBe(
      'backbone-mismatch',
    );
    expect(await answer(v.array(adapter), ['adapter', 'list', '--home', stranger])).toEqual([]);

    expect(await refusal(at('adapter', 'remove', 'copied'))).toMatchObject({ code: 'usage' });
    await answer(v.object({ removed: adapter }), at('adapter', 'remove', 'copied', '--yes'));
    expect(await refusal(at('adapter', 'show', 'copied'))).toMatchObject({ code: 'not-found' });
    expect(existsSync(copy)).toBe(true);
  });

  it('keeps its backbone in the library, and its run can go', async () => {
    const used = await refusal(at('backbone', 'remove', 'tiny', '--yes'));
    expect(used).toMatchObject({ exit: 1, code: 'in-use' });
    expect(await refusal(at('runs', 'stop', 'first'))).toMatchObject({ code: 'run-state' });
    expect(await refusal(at('runs', 'resume', 'first'))).toMatchObject({ code: 'run-state' });
    // Without a word of what it would train.
    expect((await karst(at('runs', 'resume', 'first'))).out).toBe('');
    const runs = await answer(v.array(run), at('runs', 'list'));
    const wrong = await refusal(train('wrong'), { KARST_KERNELS: 'foo' });
    expect(wrong).toMatchObject({ exit: 2, code: 'usage' });
    expect(await answer(v.array(run), at('runs', 'list'))).toEqual(runs);
    const names = async () =>
      (await answer(v.array(adapter), at('adapter', 'list'))).map((one) => one.name);
    const kept = await names();
    expect(kept).toContain('first');
    await answer(v.object({ removed: run }), at('runs', 'remove', 'first', '--yes'));
    expect(await names()).toEqual(kept);
  });
});

describe('an estimate', () => {
  it('says what a training would cost, and trains nothing', async () => {
    const before = await answer(v.array(run), at('runs', 'list'));
    const plan = await answer(runPlan, train('never', '--epochs', '2', '--estimate'));
    expect(plan.steps).toBe(2 * Math.ceil(45 / 32));
    expect(plan.seconds).toBeGreaterThan(0);
    expect(plan.problems).toEqual([]);
    expect(await answer(v.array(run), at('runs', 'list'))).toEqual(before);
  });
});

describe('settings out of their limits', () => {
  it.each([
    ['karst.rank=-1', 'rank'],
    ['imageSize=15', '4'],
    ['schedule.epochs=-1', 'epochs'],
  ])('are refused: %s', async (assignment, word) => {
    const report = await refusal(train('never', '--set', assignment));
    expect(report).toMatchObject({ exit: 2, code: 'config-invalid' });
    expect(report.message).toContain(word);
  });
});
