import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';
import { answer, karst, refusal, someDigits, workplace } from './karst.ts';
import {
  adapter,
  backbone,
  binned,
  dataset,
  datasetCheck,
  datasetImport,
  datasetShown,
  datasetSplit,
  restored,
  run,
} from './schemas.ts';

let folder: string;
let home: string;
let weights: string;
let images: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
  images = path.join(folder, 'some digits');
  weights = await writeTinyBackbone(path.join(folder, 'tiny'));
  someDigits(images, 3, 10);
});
afterAll(() => remove());

const at = (...args: string[]) => [...args, '--home', home];

describe('an empty library', () => {
  it('is listed as empty, for people and for scripts', async () => {
    for (const [kind, schema, words] of [
      ['backbone', backbone, 'No backbones yet'],
      ['dataset', dataset, 'No datasets yet'],
      ['runs', run, 'No runs yet'],
      ['adapter', adapter, 'No adapters yet'],
    ] as const) {
      const listed = await answer(v.array(schema), at(kind, 'list'));
      // The starter belongs to the installation, not to the library.
      expect(listed.filter(({ name }) => name !== 'starter')).toEqual([]);
      if (listed.length === 0) expect((await karst(at(kind, 'list'))).out).toContain(words);
    }
  });

  it('takes --home and --json before the command as well, and KARST_HOME', async () => {
    const before = await karst(['--json', '--home', home, 'runs', 'list']);
    expect(before).toEqual({ code: 0, out: '[]\n', error: '' });
    const other = path.join(folder, 'other home');
    expect(await answer(v.array(run), ['runs', 'list'], { KARST_HOME: other })).toEqual([]);
    expect(existsSync(path.join(other, 'library.sqlite'))).toBe(true);
  });

  it('knows nothing by name', async () => {
    for (const args of [
      ['backbone', 'show', 'x'],
      ['dataset', 'show', 'x'],
      ['dataset', 'check', 'x'],
      ['runs', 'show', 'x'],
      ['runs', 'resume', 'x'],
      ['runs', 'stop', 'x'],
      ['adapter', 'show', 'x'],
      ['adapter', 'tag', 'x', 't'],
      ['evaluate', 'x', '--dataset', 'd'],
      ['predict', 'x', 'image.png'],
      ['merge', 'x'],
      ['export', 'x', '--format', 'safetensors', '--out', path.join(folder, 'out')],
      ['train', '--backbone', 'x', '--dataset', 'd'],
      ['backbone', 'remove', 'x', '--yes'],
    ]) {
      expect(await refusal(at(...args))).toMatchObject({ exit: 1, code: 'not-found' });
    }
  });

  it('is not opened where the home is a file', async () => {
    const file = path.join(folder, 'a file');
    writeFileSync(file, '');
    const report = await refusal(['runs', 'list', '--home', file]);
    expect(report.exit).toBe(1);
    expect(report.message).toContain(file);
  });
});

describe('backbones', () => {
  it('are added, listed, shown and removed; the file stays as it was', async () => {
    const bytes = readFileSync(weights);
    const added = await answer(backbone, at('backbone', 'add', weights, '--name', 'tiny'));
    expect(added).toMatchObject({
      name: 'tiny',
      path: weights,
      bytes: bytes.length,
      headsFrom: 'config.json',
      architecture: { width: 32, depth: 2, heads: 2, mlpDim: 64, patchSize: 4, imageSize: 16 },
    });
    expect(await answer(backbone, at('backbone', 'show', added.id))).toEqual(added);
    expect(await answer(v.array(backbone), at('backbone', 'list'))).toContainEqual(added);

    const shown = await karst(at('backbone', 'show', 'tiny'));
    expect(shown.error).toBe('');
    expect(shown.out).toMatch(/^tiny\n/);
    expect(shown.out).toMatch(/^input +16 × 16 pixels in patches of 4$/m);
    expect((await karst(at('backbone', 'list'))).out).toMatch(/^tiny +\S+ +16 +4 +32 +2 +/m);

    const renamed = await answer(backbone, at('backbone', 'rename', 'tiny', 'small'));
    expect(renamed).toEqual({ ...added, name: 'small' });
    expect((await karst(at('backbone', 'rename', 'small', 'tiny'))).code).toBe(0);

    expect(await refusal(at('backbone', 'add', weights))).toMatchObject({
      ...{ code: 'already-added', entry: 'tiny' },
    });
    expect(await refusal(at('backbone', 'show', 'tinny'))).toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('tiny') as string,
    });

    const elsewhere = `${weights}.moved`;
    renameSync(weights, elsewhere);
    const found = await karst(at('backbone', 'add', elsewhere));
    expect(found.out).toMatch(/^Found the files of the backbone tiny again/);
    renameSync(elsewhere, weights);
    expect((await karst(at('backbone', 'add', weights))).code).toBe(0);

    const refused = await refusal(at('backbone', 'remove', 'tiny'));
    expect(refused).toMatchObject({ exit: 2, code: 'usage' });
    expect(refused.hint).toContain('--yes');
    const people = await karst(at('backbone', 'remove', 'tiny'));
    expect(people).toMatchObject({ code: 2, out: '' });
    expect(await answer(backbone, at('backbone', 'show', 'tiny'))).toEqual(added);

    const removed = v.object({ removed: backbone });
    expect(await answer(removed, at('backbone', 'remove', 'tiny', '--yes'))).toEqual({
      removed: added,
    });
    expect(readFileSync(weights).equals(bytes)).toBe(true);
    expect(await refusal(at('backbone', 'show', 'tiny'))).toMatchObject({ code: 'not-found' });
  });

  it('are refused with the reason', async () => {
    const damaged = path.join(folder, 'damaged.safetensors');
    writeFileSync(damaged, readFileSync(weights));
    truncateSync(damaged, 5000);
    const text = path.join(folder, 'text.safetensors');
    writeFileSync(text, 'not a model at all, only words');
    const pickle = path.join(folder, 'model.pth');
    writeFileSync(pickle, Buffer.from([0x80, 0x02, 0x7d, 0x71, 0x00, 0x2e]));
    for (const [file, code] of [
      [path.join(folder, 'none.safetensors'), 'not-found'],
      [damaged, 'file-damaged'],
      [text, /file-damaged|format-unknown/],
      [pickle, 'format-unsupported'],
    ] as const) {
      const report = await refusal(at('backbone', 'add', file));
      expect(report.exit).toBe(1);
      expect(report.code).toMatch(code);
      expect(`${report.message} ${report.path ?? ''}`).toContain(file);
    }
    expect(await refusal(at('backbone', 'add', weights, '--epsilon', '5'))).toMatchObject({
      exit: 2,
      code: 'usage',
      message: '--epsilon takes 1e-12 to 0.1, not 5.',
    });
    for (const [option, named] of [
      [['--no-pool-prefix'], '--pool-prefix (the pool sees the tokens before the patches)'],
      [['--image-size', '32'], '--image-size (image size)'],
    ] as const) {
      const useless = await refusal(at('backbone', 'add', weights, ...option));
      expect(useless.code).toBe('format-unsupported');
      expect(useless.message).toContain(`the option ${named} has no use`);
    }
    const people = await karst(at('backbone', 'add', pickle));
    expect(people).toMatchObject({ code: 1, out: '' });
    expect(people.error).toMatch(/^error: .*model\.pth.*\nhint: {2}.*torch\.save/s);
  });
});

describe('datasets', () => {
  it('are imported with their problems, checked again, and removed; the images stay', async () => {
    writeFileSync(path.join(images, '0', 'broken.png'), 'no picture');
    const before = readdirSync(images, { recursive: true }).sort();
    const args = at('dataset', 'add', images, '--name', 'some', '--val', '0.3', '--seed', '1');
    const imported = await answer(datasetImport, args);
    expect(imported.dataset).toMatchObject({
      name: 'some',
      path: images,
      layout: 'class-folders',
      counts: { train: 21, val: 9, test: 0 },
      unusable: 1,
      valFraction: 0.3,
      seed: 1,
    });
    expect(imported.dataset.classes.map(({ name }) => name)).toEqual(['0', '1', '2']);
    expect(imported.problems).toEqual([
      {
        kind: 'unreadable',
        path: path.join(images, '0', 'broken.png'),
        reason: expect.any(String) as string,
      },
    ]);
    expect(await answer(datasetShown, at('dataset', 'show', 'some'))).toMatchObject(
      imported.dataset,
    );
    const people = await karst(at('dataset', 'show', 'some'));
    expect(people.out).toMatch(/^images +21 train, 9 val, 0 test/m);
    expect(people.out).toMatch(/^ {2}unreadable {2}.*broken\.png/m);
    expect((await karst(at('dataset', 'list'))).out).toMatch(/^some +\S+ +3 +21 +9 +0 +1 /m);

    const split = await answer(datasetSplit, at('dataset', 'split', 'some', '--val', '0.5'));
    expect(split).toMatchObject({
      moved: 12,
      counts: { train: 15, val: 15, test: 0 },
      valFraction: 0.5,
      seed: 0,
      hasFormerSplit: true,
    });
    const same = await karst(at('dataset', 'split', 'some', '--val', '0.5'));
    expect(same.out).toMatch(/^some: nothing changed\.$/m);
    const undone = await answer(datasetSplit, at('dataset', 'split', 'some', '--undo'));
    expect(undone).toMatchObject({ ...imported.dataset, moved: 12 });
    for (const [options, expected] of [
      [['--undo'], { exit: 1, code: 'not-found' }],
      [['--as-in-source'], { exit: 2, code: 'usage' }],
      [['--undo', '--val', '0.1'], { exit: 2, code: 'usage' }],
    ] as const)
      expect(await refusal(at('dataset', 'split', 'some', ...options))).toMatchObject(expected);
    const renamed = await karst(at('dataset', 'rename', 'some', 'sömé'));
    expect(renamed.out).toBe('The dataset some is now called sömé.\n');
    await answer(dataset, at('dataset', 'rename', 'sömé', 'some'));

    const gone = path.join(images, '1', readdirSync(path.join(images, '1'))[0] ?? '');
    const bytes = readFileSync(gone);
    rmSync(gone);
    const checked = await answer(datasetCheck, at('dataset', 'check', 'some'));
    expect(checked.problems).toContainEqual(
      expect.objectContaining({ kind: 'missing', path: gone }) as object,
    );
    writeFileSync(gone, bytes);
    // Problems found do not fail the check; `--strict` requests a non-zero exit code.
    const strict = await answer(datasetCheck, at('dataset', 'check', 'some', '--strict'), {}, 3);
    expect(strict.problems.map(({ kind }) => kind)).toEqual(['unreadable']);
    rmSync(path.join(images, '0', 'broken.png'));
    writeFileSync(path.join(images, '0', 'notes.txt'), 'left aside');
    await answer(datasetImport, at('dataset', 'add', images, '--name', 'sound'));
    const noted = await answer(datasetCheck, at('dataset', 'check', 'sound', '--strict'));
    expect(noted.problems.map(({ kind }) => kind)).toEqual(['ignored']);
    expect((await karst(at('dataset', 'check', 'sound'))).out).toContain(
      '1 note, which counts as no problem:',
    );
    rmSync(path.join(images, '0', 'notes.txt'));
    writeFileSync(path.join(images, '0', 'broken.png'), 'no picture');

    expect(await refusal(at('dataset', 'remove', 'some'))).toMatchObject({
      exit: 2,
      code: 'usage',
    });
    const shown = await answer(datasetShown, at('dataset', 'show', 'some'));
    await answer(v.object({ removed: dataset }), at('dataset', 'remove', 'some', '--yes'));
    expect((await karst(at('bin', 'list'))).out).toMatch(/^some +ds-\w+ +dataset /m);
    expect((await karst(at('dataset', 'list'))).out).not.toMatch(/^some /m);
    await answer(restored, at('bin', 'restore', 'some'));
    expect(await answer(datasetShown, at('dataset', 'show', 'some'))).toEqual(shown);
    await answer(v.object({ removed: dataset }), at('dataset', 'remove', 'some', '--yes'));
    await answer(v.object({ deleted: binned }), at('bin', 'delete', 'some', '--yes'));
    expect(readdirSync(images, { recursive: true }).sort()).toEqual(before);
  });

  it('show people where they got to and what is wrong', async () => {
    const { code, out, error } = await karst(at('dataset', 'add', images, '--name', 'again'));
    expect(code).toBe(0);
    expect(out).toMatch(/^Added the dataset again\.\n/);
    expect(out).toContain('1 problem found:');
    expect(error).toContain('\n3 classes, 31 images, no split of its own: 0 11, 1 10, 2 10\n');
    expect(error).toMatch(/checking images/);
  });

  it('are refused with the reason', async () => {
    const empty = path.join(folder, 'empty');
    mkdirSync(empty);
    expect(await refusal(at('dataset', 'add', empty, '--name', 'e'))).toMatchObject({
      exit: 1,
      code: 'dataset-unusable',
    });
    // A folder of two datasets names what each would make.
    const parent = path.join(folder, 'parent');
    cpSync(images, path.join(parent, 'digits'), { recursive: true });
    for (const [digit, name] of ['left', 'right'].entries())
      cpSync(path.join(images, String(digit)), path.join(parent, 'hands', name), {
        recursive: true,
      });
    const high = await refusal(at('dataset', 'add', parent, '--name', 'e'));
    expect(high).toMatchObject({ exit: 1, code: 'dataset-unusable' });
    expect(high.message).toContain('its folders hold class folders');
    expect(high.hint).toContain(
      `the folder ${path.join(parent, 'digits')} alone makes the classes 0`,
    );
    const system = await refusal(at('dataset', 'add', path.parse(folder).root));
    expect(system.message).toContain('holds your whole home folder');
    const none = path.join(folder, 'none');
    expect(await refusal(at('dataset', 'add', none, '--name', 'e'))).toMatchObject({
      exit: 1,
      code: 'not-found',
    });
    expect(await refusal(at('dataset', 'add', images, '--name', 'again'))).toMatchObject({
      exit: 1,
      code: 'already-added',
    });
  });
});

describe('adapters from elsewhere', () => {
  it('are refused where there is none', async () => {
    const report = await refusal(at('adapter', 'import', images));
    expect(report.exit).toBe(1);
    expect(report.message).toContain(images);
  });
});
