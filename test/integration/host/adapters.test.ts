import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAdapterFolder } from '../../../main/formats/adapter-folder.ts';
import { SafetensorsFile, writeSafetensors } from '../../../main/formats/safetensors.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import { TrainedHome } from './trained-home.ts';
import {
  refusal,
  studioIn,
  temporaryFolder,
  writeClassFolders,
  writeImage,
} from '../../unit/host/support.ts';

/** Template with the adapter "first" exported to the folder `exported`. */
const trained = new TrainedHome(async (studio, template) => {
  await studio.merging.export('first', { format: 'adapter', out: join(template, 'exported') });
});

const open = (env: Record<string, string> = {}, graceMs = 10_000): Promise<Studio> =>
  trained.open(env, { graceMs });

/** Copies the exported adapter, for tests that damage it. */
function exported(): string {
  const folder = join(temporaryFolder(), 'adapter');
  cpSync(join(trained.template, 'exported'), folder, { recursive: true });
  return folder;
}

function editJson(path: string, change: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  change(json);
  writeFileSync(path, JSON.stringify(json));
}

describe('import and export of adapter folders', () => {
  it('an exported adapter is the five files, and comes back in another library that has the backbone', async () => {
    const folder = exported();
    expect(readdirSync(folder).sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'labels.json',
      'preprocessor_config.json',
    ]);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(
      /^---\nlibrary_name: karst-studio\npipeline_tag: image-classification\nbase_model: "tiny"/,
    );
    const studio = await studioIn(join(temporaryFolder(), 'home'));
    const before = await refusal(studio.adapters.import(folder), 'backbone-mismatch');
    expect(before.message).toContain('"tiny"');
    expect(existsSync(join(studio.home, 'adapters'))).toBe(false);
    const backbone = await studio.backbones.add(join(trained.template, 'backbone'), {
      name: 'other-name',
    });
    const adapter = await studio.adapters.import(folder, { name: 'guest' });
    expect(adapter).toMatchObject({
      name: 'guest',
      runId: null,
      backboneId: backbone.id,
      classes: ['a', 'b'],
    });
    expect(adapter.folder).toBe(join(studio.home, 'adapters', adapter.id));
    expect((await readAdapterFolder(adapter.folder)).parameters.adapter).toBe(
      adapter.adapterParameters,
    );
    await refusal(studio.adapters.import(folder, { name: 'guest' }), 'name-taken');
  });

  it('an adapter comes back on the one of several networks of the same weights that it describes', async () => {
    const folder = exported();
    const weights = join(trained.template, 'backbone');
    const studio = await studioIn(join(temporaryFolder(), 'home'));
    await studio.backbones.add(weights, { name: 'mean', said: { pool: 'mean' } });
    const other = await refusal(studio.adapters.import(folder), 'backbone-mismatch');
    expect(other.message).toContain('says pool nothing, the backbone "mean" has "mean"');
    expect(other.hint).toContain('Add the same weights once more');
    const plain = await studio.backbones.add(weights, { name: 'plain' });
    expect((await studio.adapters.import(folder)).backboneId).toBe(plain.id);
    editJson(join(folder, 'adapter_config.json'), (config) => {
      (config['architecture'] as Record<string, unknown>)['pool'] = 'mean';
    });
    const mean = studio.backbones.get('mean');
    expect((await studio.adapters.import(folder)).backboneId).toBe(mean.id);
  });

  it.each<[string, string, RegExp, (folder: string) => void]>([
    [
      'another backbone',
      'backbone-mismatch',
      /not in the library/,
      (f) =>
        editJson(join(f, 'adapter_config.json'), (c) => (c['base_model_sha256'] = 'f'.repeat(64))),
    ],
    [
      'another width',
      'backbone-mismatch',
      /shape|width/,
      (f) =>
        editJson(
          join(f, 'adapter_config.json'),
          (c) => ((c['architecture'] as Record<string, unknown>)['width'] = 24),
        ),
    ],
    [
      'another rank than its weights',
      'backbone-mismatch',
      /karst_a has the shape \(2, 3, 8, 4\), expected \(2, 3, 4, 4\)/,
      (f) => editJson(join(f, 'adapter_config.json'), (c) => (c['r'] = 4)),
    ],
    [
      'a class too many',
      'backbone-mismatch',
      /head\.weight has the shape \(2, 12\), expected \(3, 12\)/,
      (f) => writeFileSync(join(f, 'labels.json'), '["a","b","c"]'),
    ],
    [
      'a misspelt key',
      'format-unsupported',
      /"alhpa"/,
      (f) => editJson(join(f, 'adapter_config.json'), (c) => (c['alhpa'] = 1)),
    ],
    [
      'a LoRA',
      'format-unsupported',
      /type "LORA"/,
      (f) => editJson(join(f, 'adapter_config.json'), (c) => (c['peft_type'] = 'LORA')),
    ],
    [
      'an object for a text',
      'format-unsupported',
      /is a PEFT adapter of type an object, not KARST/,
      (f) => editJson(join(f, 'adapter_config.json'), (c) => (c['peft_type'] = { toString: 1 })),
    ],
    [
      'a newer format',
      'format-unsupported',
      /format version 2/,
      (f) => editJson(join(f, 'adapter_config.json'), (c) => (c['format_version'] = 2)),
    ],
    ['no labels', 'not-found', /labels\.json is missing/, (f) => rmSync(join(f, 'labels.json'))],
    [
      'broken JSON',
      'file-damaged',
      /labels\.json is not valid JSON/,
      (f) => writeFileSync(join(f, 'labels.json'), '['),
    ],
    [
      'two classes of one name',
      'format-unsupported',
      /named twice/,
      (f) => writeFileSync(join(f, 'labels.json'), '["a","a"]'),
    ],
    [
      'sizes that do not fit together',
      'format-unsupported',
      /do not fit together/,
      (f) => editJson(join(f, 'preprocessor_config.json'), (c) => (c['crop_pct'] = 0.5)),
    ],
    [
      'cut weights',
      'file-damaged',
      /adapter_model\.safetensors/,
      (f) => {
        const path = join(f, 'adapter_model.safetensors');
        writeFileSync(path, readFileSync(path).subarray(0, -8));
      },
    ],
  ])('refuses one with %s and leaves nothing behind', async (_what, code, sentence, spoil) => {
    const folder = exported();
    spoil(folder);
    const studio = await open();
    const before = readdirSync(join(trained.home, 'adapters'));
    const error = await refusal(studio.adapters.import(folder), code as 'file-damaged');
    expect(error.message).toMatch(sentence);
    expect(studio.adapters.list()).toHaveLength(1);
    expect(readdirSync(join(trained.home, 'adapters'))).toEqual(before);
  });

  it.each(['missing', 'unexpected', 'infinite'])(
    'refuses one with a tensor that is %s',
    async (what) => {
      const folder = exported();
      const path = join(folder, 'adapter_model.safetensors');
      const file = await SafetensorsFile.open(path);
      const tensors = [];
      for (const { name, dtype, shape } of file.tensors.values())
        tensors.push({ name, dtype, shape, data: await file.readFloat32(name) });
      await file.close();
      const [first] = tensors;
      if (what === 'missing') tensors.shift();
      else if (what === 'unexpected')
        tensors.push({
          name: 'extra',
          dtype: 'F32' as const,
          shape: [1],
          data: new Float32Array(1),
        });
      else first?.data.fill(Infinity);
      await writeSafetensors(path, tensors);
      const studio = await open();
      await refusal(
        studio.adapters.import(folder),
        what === 'infinite' ? 'file-damaged' : 'backbone-mismatch',
      );
      expect(studio.adapters.list()).toHaveLength(1);
    },
  );

  it('export overwrites nothing', async () => {
    const studio = await open();
    const out = join(temporaryFolder(), 'out');
    mkdirSync(out);
    await refusal(studio.merging.export('first', { format: 'adapter', out }), 'name-taken');
    await refusal(
      studio.merging.export('first', { format: 'adapter', out: join(out, 'no', 'where') }),
      'not-found',
    );
  });

  it.each<[string, (file: string) => string, string]>([
    ['below a file', (file) => join(file, 'model'), 'not-found'],
    ['under a name that is too long', (file) => `${file}${'x'.repeat(300)}`, 'not-writable'],
    ['where no one may write', () => '/proc/model', 'not-writable'],
  ])('a model that cannot be written %s is refused before it is computed', async (_, at, code) => {
    const studio = await open();
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const seen: string[] = [];
    const onEvent = ({ type }: { type: string }) => void seen.push(type);
    await refusal(
      studio.merging.export('first', { format: 'onnx', out: at(file), onEvent }),
      code as never,
    );
    expect(seen).toEqual([]);
    expect(readdirSync(join(file, '..'))).toEqual(['file']);
  });
});

describe('what engines do with adapters', () => {
  it('evaluates a split, stores the result and cleans up', async () => {
    const studio = await open();
    const { evaluation, stored } = await studio.evaluations.evaluate('first', { dataset: 'two' });
    expect(evaluation.n).toBe(2);
    expect(studio.evaluations.of('first')).toEqual([stored]);
    expect(
      (await studio.evaluations.evaluate('first', { dataset: 'two', split: 'train' })).evaluation.n,
    ).toBe(8);
    expect(readdirSync(join(trained.home, 'work'))).toEqual([]);
    const empty = await refusal(
      studio.evaluations.evaluate('first', { dataset: 'two', split: 'test' }),
      'dataset-unusable',
    );
    expect(empty.message).toContain('no test image');
  });

  it('evaluates under its own class list, without classes it does not know, if it knows any', async () => {
    const folder = temporaryFolder();
    await writeClassFolders(join(folder, 'b'), { b: 4 }, 300);
    await writeClassFolders(join(folder, 'bc'), { b: 2, c: 2 }, 400);
    await writeClassFolders(join(folder, 'cd'), { c: 2, d: 2 }, 500);
    const studio = await open();
    await studio.datasets.add(join(folder, 'b'), { name: 'b', val: 0 });
    await studio.datasets.add(join(folder, 'bc'), { name: 'bc', val: 0 });
    await studio.datasets.add(join(folder, 'cd'), { name: 'cd', val: 0 });
    const { evaluation } = await studio.evaluations.evaluate('first', {
      dataset: 'b',
      split: 'train',
    });
    expect(evaluation.perClass).toMatchObject([
      { label: 'a', n: 0 },
      { label: 'b', n: 4 },
    ]);
    const partly = await studio.evaluations.evaluate('first', { dataset: 'bc', split: 'train' });
    expect(partly.evaluation.n).toBe(2);
    expect(partly.stored.classNotes).toEqual([{ kind: 'unknown', name: 'c', images: 2 }]);
    expect(studio.evaluations.get(partly.stored.id)).toEqual(partly.stored);
    const error = await refusal(
      studio.evaluations.evaluate('first', { dataset: 'cd', split: 'train' }),
      'dataset-unusable',
    );
    expect(error.message).toContain('does not know any of the 2 classes of the dataset "cd"');
  });

  it('predicts files and folders in their order, with an error for each that cannot be read', async () => {
    const folder = temporaryFolder();
    await writeImage(join(folder, 'in', 'b.png'), 1);
    await writeImage(join(folder, 'in', 'a.png'), 2);
    writeFileSync(join(folder, 'in', 'notes.txt'), '');
    writeFileSync(join(folder, 'broken.png'), '');
    const studio = await open();
    const paths = [
      join(folder, 'broken.png'),
      join(folder, 'in'),
      join(folder, 'gone.png'),
      join(folder, 'in', 'b.png'),
    ];
    const rows = await studio.predictions.ofPaths('first', { paths });
    expect(
      rows.map((r) => [
        r.path.slice(folder.length + 1),
        'error' in r ? r.error.code : r.predictions,
      ]),
    ).toEqual([
      ['broken.png', 'file-damaged'],
      [join('in', 'a.png'), [{ label: 'a', probability: 1 }]],
      [join('in', 'b.png'), [{ label: 'a', probability: 1 }]],
      ['gone.png', 'not-found'],
      [join('in', 'b.png'), [{ label: 'a', probability: 1 }]],
    ]);
    await refusal(studio.predictions.ofPaths('first', { paths, top: 0 }), 'usage');
  });

  it('merges into a new folder, verified on the validation images of the run', async () => {
    const studio = await open();
    const { out, verification } = await studio.merging.merge('first');
    expect(out.startsWith(join(trained.home, 'merged', 'first-mg-'))).toBe(true);
    expect(readFileSync(join(out, 'model.safetensors'), 'utf8')).toBe('fake weights, 2 images');
    expect(verification.images).toBe(2);
    await refusal(studio.merging.merge('first', { out }), 'name-taken');
    const other = join(temporaryFolder(), 'merged');
    expect(
      (await studio.merging.merge('first', { out: other, verifyImages: 1 })).verification.images,
    ).toBe(1);
  });

  it.each(['model', 'model.safetensors'])('exports safetensors as the folder %s', async (name) => {
    const studio = await open();
    const out = join(temporaryFolder(), name);
    const { verification } = await studio.merging.export('first', { format: 'timm', out });
    expect(verification?.images).toBe(2);
    expect(readdirSync(out)).toEqual(['model.safetensors']);
    expect(readdirSync(join(out, '..'))).toEqual([name]);
  });

  it('an imported adapter needs a dataset of its classes to be verified on', async () => {
    const studio = await open();
    await studio.adapters.import(exported(), { name: 'guest' });
    expect((await studio.merging.merge('guest')).verification.images).toBe(2);
    expect((await studio.merging.merge('guest', { dataset: 'two' })).verification.images).toBe(2);
    studio.datasets.remove('two');
    expect((await refusal(studio.merging.merge('guest'), 'dataset-unusable')).option).toBe(
      '--dataset',
    );
  });

  it('cancelling kills an engine that does not answer', async () => {
    const studio = await open({ FAKE_ENGINE: 'deaf' }, 50);
    const abort = new AbortController();
    const job = studio.evaluations.evaluate('first', {
      dataset: 'two',
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'ready') abort.abort();
      },
    });
    await refusal(job, 'cancelled');
    expect(studio.evaluations.of('first')).toEqual([]);
    expect(readdirSync(join(trained.home, 'work'))).toEqual([]);
  });

  it('probes', async () => {
    const studio = await open();
    expect(await studio.probe()).toMatchObject({ backend: 'tfjs-cpu', threads: 1 });
  });
});

describe('keeping adapters', () => {
  it('tags, and moves a removed one to the bin, from where it can be imported', async () => {
    const studio = await open();
    expect(studio.adapters.tag('first', ['best', ' sea ', 'best']).tags).toEqual(['best', 'sea']);
    expect(studio.adapters.tag('first', ['sea'], { remove: true }).tags).toEqual(['best']);
    await refusal(() => studio.adapters.tag('first', ['a,b']), 'usage');
    const { folder } = await studio.adapters.remove('first');
    expect(existsSync(folder)).toBe(false);
    expect(studio.adapters.list()).toEqual([]);
    const [kept = ''] = readdirSync(join(trained.home, 'bin'));
    expect(
      (await studio.adapters.import(join(trained.home, 'bin', kept), { name: 'back' })).classes,
    ).toEqual(['a', 'b']);
  });

  it('says when its folder or its backbone is gone', async () => {
    const studio = await open();
    const { folder } = studio.adapters.get('first');
    cpSync(folder, `${folder}-away`, { recursive: true });
    rmSync(folder, { recursive: true });
    expect(
      (await refusal(studio.evaluations.evaluate('first', { dataset: 'two' }), 'not-found')).path,
    ).toBe(folder);
  });
});
