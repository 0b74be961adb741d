import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHub, type HubServer } from '../../fixtures/hub-server.ts';
import { writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';
import { answer, karst, refusal } from './karst.ts';
import { backbone, catalogue, foundBackbones, gotBackbone } from './schemas.ts';

const ADDRESS = 'someone/tiny';
let folder: string;
let hub: HubServer;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'karst-hub-'));
  const weights = await writeTinyBackbone(join(folder, 'source'));
  hub = await startHub(ADDRESS, {
    'model.safetensors': readFileSync(weights),
    'config.json': readFileSync(join(dirname(weights), 'config.json')),
  });
  env = {
    HF_ENDPOINT: hub.endpoint,
    HF_HOME: join(folder, 'hf'),
    HF_HUB_CACHE: '',
    TORCH_HOME: join(folder, 'torch'),
  };
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (...args: string[]) => ['backbone', ...args, '--home', join(folder, 'home')];

describe('karst backbone', () => {
  it('lists the catalogue without asking anyone', async () => {
    const items = await answer(catalogue, at('catalogue'), env);
    expect(items.every((item) => item.backbone === null)).toBe(true);
    expect(hub.asked).toEqual([]);
    const { out } = await karst(at('catalogue'), env);
    expect(out).toContain('The addresses have not been tried.');
  });

  it('gets a model, says before who is asked for how much, and finds it afterwards', async () => {
    const { code, out, error } = await karst(at('get', ADDRESS), env);
    expect(code, error).toBe(0);
    const lines = error.split('\n').filter((line) => /Asking|from /.test(line));
    expect(lines[0]).toBe(`Asking ${hub.host}`);
    expect(lines[1]).toContain(`from ${hub.host} into ${join(folder, 'hf', 'hub')}; the disk has`);
    expect(lines[2]).toBe(`Asking ${hub.storage}`);
    expect(out).toContain('The backbone tiny is in the library.');
    const got = await answer(gotBackbone, at('get', ADDRESS), env);
    expect(got.hosts).toEqual([hub.host]);
    expect(got.offer.missingBytes).toBe(0);
    expect(await answer(backbone, at('show', 'tiny'), env)).toEqual(got.backbone);
    const [found] = await answer(foundBackbones, at('find'), env);
    expect(found).toMatchObject({ name: ADDRESS, backboneId: got.backbone.id, error: null });
    expect((await karst(at('find'), env)).out).toContain('added');
  });

  it('fails as others do', async () => {
    expect(await refusal(at('get', 'someone/else'), env)).toMatchObject({
      exit: 1,
      code: 'access-refused',
      hint: expect.stringContaining('HF_TOKEN') as string,
    });
    expect(await refusal(at('get', 'nothing'), env)).toMatchObject({ code: 'not-found' });
  });
});
