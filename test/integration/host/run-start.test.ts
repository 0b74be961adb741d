import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAdapterFolder } from '../../../main/formats/adapter-folder.ts';
import { sha256OfFile } from '../../../main/formats/files.ts';
import { configured } from '../../fixtures/engine/test-bed.ts';
import { PreparedHome } from '../../unit/host/prepared-home.ts';
import {
  ARCHITECTURE,
  CONFIG,
  refusal,
  writeBackbone,
  writeClassFolders,
} from '../../unit/host/support.ts';

/** Beside "two" (a and b) the dataset "grown" (a and c), and the adapter "first" of "two". */
const prepared = new PreparedHome(async (studio, template) => {
  await writeClassFolders(join(template, 'grown'), { a: 5, c: 5 }, 300);
  await studio.datasets.add(join(template, 'grown'), { name: 'grown' });
  const own = { backbone: 'tiny', dataset: 'two' };
  const run = await studio.runs.create({ ...own, name: 'first', config: CONFIG });
  await studio.scheduler.train(run.id, { resume: false });
  const config = configured({ method: 'full' }, CONFIG);
  const full = await studio.runs.create({ ...own, name: 'whole', config });
  await studio.scheduler.train(full.id, { resume: false });
});
const FROM = { from: 'first', dataset: 'grown', config: CONFIG };

describe('a run that starts from an adapter', () => {
  it('says what it would be bound to, and what becomes of the classes', async () => {
    const studio = await prepared.open();
    const { id, backboneId } = studio.adapters.get('first');
    const bound = {
      ...{ adapterId: id, adapterName: 'first', backboneId, tuning: CONFIG.tuning },
      ...{ datasetId: studio.datasets.get('two').id, imageSize: 0, initialize: 'backbone' },
    };
    expect(await studio.runs.start('first')).toEqual({
      ...bound,
      classes: { kept: ['a', 'b'], added: [], dropped: [] },
    });
    expect(await studio.runs.start('first', 'grown')).toEqual({
      ...bound,
      classes: { kept: ['a'], added: ['c'], dropped: ['b'] },
    });
  });

  it('keeps the row of a class that has another name since', async () => {
    const studio = await prepared.open();
    studio.classes.rename('two', studio.classes.named('two', 'b').index, 'bee');
    const { classes } = await studio.runs.start('first');
    expect(classes).toEqual({ kept: ['a', 'bee'], added: [], dropped: [] });
    const run = await studio.runs.create({ ...FROM, dataset: 'two' });
    expect(run.classes).toEqual(['a', 'bee']);
    expect(JSON.parse(readFileSync(join(run.folder, 'config.json'), 'utf8'))).toMatchObject({
      start: { rows: [0, 1] },
    });
  });

  it('has a copy of it, and makes an adapter with that parent', async () => {
    const studio = await prepared.open();
    const parent = studio.adapters.get('first');
    const run = await studio.runs.create(FROM);
    expect(run).toMatchObject({ parentAdapterId: parent.id, backboneName: 'tiny' });
    const sha256 = await sha256OfFile(join(parent.folder, 'adapter_model.safetensors'));
    expect(JSON.parse(readFileSync(join(run.folder, 'config.json'), 'utf8'))).toMatchObject({
      start: { adapter: { id: parent.id, name: 'first' }, sha256, rows: [0, null] },
    });
    expect((await readAdapterFolder(join(run.folder, 'start'))).labels).toEqual(['a', 'b']);

    // The parent goes, and the run starts none the less.
    await studio.adapters.remove(parent.id);
    const { adapter } = await studio.scheduler.train(run.id, { resume: false });
    expect(adapter).toMatchObject({ parentId: parent.id, classes: ['a', 'c'] });
    const { config } = await readAdapterFolder(adapter.folder);
    expect(config.parent).toEqual({ name: 'first', sha256 });

    const known = () => [
      studio.adapters.lineage(adapter.id).parent,
      studio.runs.detail(run.id).parent,
    ];
    const binned = { id: parent.id, name: 'first', inLibrary: false };
    expect(known()).toEqual([binned, binned]);
    await studio.bin.delete(parent.id);
    const deleted = { id: parent.id, name: null, inLibrary: false };
    expect(known()).toEqual([deleted, deleted]);
  });

  it('is refused on other weights than those that the adapter was made for', async () => {
    const studio = await prepared.open();
    await writeBackbone(join(prepared.home, 'other'), { value: 0.2 });
    await studio.backbones.add(join(prepared.home, 'other'), { name: 'other' });
    const other = await refusal(
      studio.runs.create({ ...FROM, backbone: 'other' }),
      'backbone-mismatch',
    );
    expect(other.message).toContain('was trained on the backbone "tiny"');
    // Nor on another network of the same weights.
    const { path } = studio.backbones.get('tiny');
    await studio.backbones.add(path, { name: 'mean', said: { pool: 'mean' } });
    await refusal(studio.runs.create({ ...FROM, backbone: 'mean' }), 'backbone-mismatch');

    const refused = async (overrides: Parameters<typeof configured>[0], from = 'first') =>
      (
        await refusal(
          studio.runs.create({ ...FROM, from, config: configured(overrides, CONFIG) }),
          'config-invalid',
        )
      ).message;
    expect(await refused({ method: 'linear' })).toContain('"method" is "linear"');
    expect(await refused({ karst: { alpha: 77 } })).toMatch(/"karst.alpha" is 77; the adapter/);
    expect(await refused({ method: 'full', initialize: 'random' }, 'whole')).toContain(
      '"initialize" is "random"',
    );
    const larger = 2 * ARCHITECTURE.imageSize;
    expect(await refused({ method: 'full', imageSize: larger }, 'whole')).toContain(
      `"imageSize" makes images of ${larger} pixels`,
    );
    expect(studio.runs.list().map(({ name }) => name)).toEqual(['first', 'whole']);
    // What KARST adds is of no image size.
    const config = configured({ imageSize: larger }, CONFIG);
    expect((await studio.runs.create({ ...FROM, config })).parentAdapterId).not.toBeNull();
  });

  it('fails where its settings no longer say what it starts from', async () => {
    const studio = await prepared.open();
    const { id, folder } = await studio.runs.create(FROM);
    const path = join(folder, 'config.json');
    const settings = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...settings, start: { rows: [0] } }));
    const error = await refusal(studio.scheduler.train(id, { resume: false }), 'file-damaged');
    expect(error.message).toContain(path);
    expect(studio.runs.get(id).state).toBe('failed');
  });
});
