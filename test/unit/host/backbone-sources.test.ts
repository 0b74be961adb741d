import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BackboneSources } from '../../../main/host/services/backbones/backbone-sources.ts';
import type { Backbones } from '../../../main/host/services/backbones/backbones.ts';
import type { Progress } from '../../../main/host/contract/watching.ts';
import { CATALOGUE } from '../../../shared/domain/backbone-catalogue.ts';
import type { HubOffer } from '../../../shared/domain/backbone-sources.ts';
import { REVISION, blobId, sha256, startHub, type HubServer } from '../../fixtures/hub-server.ts';
import { writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';
import { refusal, studioIn, temporaryFolder } from './support.ts';

const ADDRESS = 'facebook/dinov2-small';
const TOKEN = 'hf_secret';

let folder: string;
let hub: HubServer;
let weights: Buffer;
let backbones: Backbones;
let cache: string;

beforeEach(async () => {
  folder = temporaryFolder();
  cache = join(folder, 'cache');
  const source = await writeTinyBackbone(join(folder, 'source'));
  weights = readFileSync(source);
  hub = await startHub(ADDRESS, {
    'model.safetensors': weights,
    'config.json': readFileSync(join(dirname(source), 'config.json')),
    'pytorch_model.bin': Buffer.alloc(9000),
    'README.md': Buffer.from('# A model'),
  });
  ({ backbones } = (await studioIn(join(folder, 'home'))) as unknown as { backbones: Backbones });
});
afterEach(() => hub.close());

const sources = (
  environment: Record<string, string> = {},
  freeBytes: number | null = 1e12,
): BackboneSources =>
  new BackboneSources({
    backbones,
    environment: { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HOME: folder, ...environment },
    freeBytes: () => Promise.resolve(freeBytes),
    pauseMs: 0,
  });
const model = (): string => join(cache, 'models--facebook--dinov2-small');
const part = (): string => join(model(), 'blobs', `${sha256(weights)}.incomplete`);

describe('a model of the hub', () => {
  it('is described before anything of it is asked for', async () => {
    const offer = await sources().lookUp(ADDRESS);
    expect(offer).toMatchObject({
      address: ADDRESS,
      revision: REVISION,
      host: hub.host,
      freeBytes: 1e12,
      folder: cache,
      licence: 'apache-2.0',
      gated: false,
    } satisfies Partial<HubOffer>);
    expect(offer.files.map(({ path }) => path)).toEqual(['model.safetensors', 'config.json']);
    expect(offer.missingBytes).toBe(offer.bytes);
    expect(hub.asked.every(({ path }) => path.startsWith('/api/'))).toBe(true);
    expect(existsSync(cache)).toBe(false);
  });

  it('comes into the layout of the hub’s cache, and into the library under its short name', async () => {
    const hosts: string[] = [];
    const offers: HubOffer[] = [];
    const progress: Progress[] = [];
    const backbone = await sources().get('dinov2-small', {
      onHost: (host) => hosts.push(host),
      onOffer: (offer) => {
        expect(hub.asked.some(({ path }) => path.includes('/resolve/'))).toBe(false);
        offers.push(offer);
      },
      onProgress: (one) => progress.push(one),
    });
    const snapshot = join(model(), 'snapshots', REVISION);
    expect(backbone).toMatchObject({
      name: 'dinov2-small',
      path: join(snapshot, 'model.safetensors'),
      sha256: sha256(weights),
      headsFrom: 'config.json',
      revision: REVISION,
      licence: 'apache-2.0',
    });
    expect(offers).toHaveLength(1);
    expect(hosts).toEqual([hub.host, hub.storage]);
    expect(readdirSync(snapshot).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(basename(realpathSync(join(snapshot, 'model.safetensors')))).toBe(sha256(weights));
    expect(basename(realpathSync(join(snapshot, 'config.json')))).toBe(
      blobId(readFileSync(join(snapshot, 'config.json'))),
    );
    expect(readFileSync(join(model(), 'refs', 'main'), 'utf8')).toBe(REVISION);
    const total = offers[0]?.bytes;
    expect(progress.filter(({ phase }) => phase === 'downloading').at(-1)).toEqual({
      phase: 'downloading',
      done: total,
      total,
    });
    expect(
      sources()
        .catalogue()
        .find(({ entry }) => entry.address === ADDRESS)?.backbone?.id,
    ).toBe(backbone.id);
  });

  it('is got as it was shown, or not at all', async () => {
    const shown = await sources().lookUp(ADDRESS);
    const older = 'ab'.repeat(20);
    const error = await refusal(sources().get(ADDRESS, { revision: older }), 'hub-changed');
    expect(error.message).toContain(`${REVISION.slice(0, 8)}, and abababab was shown`);
    expect(hub.asked.every(({ path }) => path.startsWith('/api/'))).toBe(true);
    expect(existsSync(cache)).toBe(false);
    const { revision } = await sources().get(ADDRESS, { revision: shown.revision });
    expect(revision).toBe(shown.revision);
  });

  it('is not downloaded twice', async () => {
    const first = await sources().get(ADDRESS);
    hub.asked.length = 0;
    expect((await sources().lookUp(ADDRESS)).missingBytes).toBe(0);
    expect((await sources().get(ADDRESS)).id).toBe(first.id);
    expect(hub.asked.some(({ path }) => path.includes('/resolve/'))).toBe(false);
  });

  it('goes on by itself after cuts', async () => {
    hub.faults = { cuts: { after: 5000, times: 3 } };
    const backbone = await sources().get(ADDRESS);
    expect(backbone.sha256).toBe(sha256(weights));
    const ranges = hub.asked.filter(({ host }) => host === hub.storage).map(({ range }) => range);
    expect(ranges).toEqual([undefined, 'bytes=5000-', 'bytes=10000-', 'bytes=15000-']);
  });

  it('keeps what arrived when it fails, and goes on the next time', async () => {
    hub.faults = { cuts: { after: 5000, times: 1 } };
    const stop = new AbortController();
    const cut = sources().get(ADDRESS, {
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done >= 5000) stop.abort();
      },
    });
    await refusal(cut, 'cancelled');
    expect(readFileSync(part())).toEqual(weights.subarray(0, 5000));
    hub.faults = {};
    const { bytes, missingBytes } = await sources().lookUp(ADDRESS);
    expect(bytes - missingBytes).toBe(5000);
    await sources().get(ADDRESS);
    expect(hub.asked.filter(({ host }) => host === hub.storage).at(-1)?.range).toBe('bytes=5000-');
  });

  it('is put together also where a host ignores ranges', async () => {
    hub.faults = { cuts: { after: 5000, times: 1 }, withoutRanges: true };
    expect((await sources().get(ADDRESS)).sha256).toBe(sha256(weights));
  });

  it('is refused when its content is another than was announced', async () => {
    const other = Buffer.from(weights);
    other[weights.byteLength - 1] = (other.at(-1) ?? 0) ^ 1;
    hub.faults = { content: other };
    const { message } = await refusal(sources().get(ADDRESS), 'file-damaged');
    expect(message).toContain('its hash differs');
    expect(existsSync(join(model(), 'blobs', sha256(weights)))).toBe(false);
    hub.faults = { content: Buffer.concat([weights, Buffer.from('more')]) };
    await refusal(sources().get(ADDRESS), 'file-damaged');
    hub.faults = {};
    expect((await sources().get(ADDRESS)).sha256).toBe(sha256(weights));
  });

  it('never leads away from https, but to this machine where the hub is on it', async () => {
    hub.faults = { location: 'http://192.0.2.1/model.safetensors' };
    const { message } = await refusal(sources().get(ADDRESS), 'unreachable');
    expect(message).toContain('http://192.0.2.1, which is not https');
    await refusal(sources({ HF_ENDPOINT: 'http://hub.example' }).lookUp(ADDRESS), 'config-invalid');
  });

  it('says so when a web page comes instead', async () => {
    hub.faults = { page: true };
    const { message } = await refusal(sources().lookUp(ADDRESS), 'unreachable');
    expect(message).toContain('answered with a web page');
  });

  it('says which answer the hub gave', async () => {
    hub.faults = { status: 503 };
    const { message } = await refusal(sources().lookUp(ADDRESS), 'unreachable');
    expect(message).toContain('answered with status 503');
    hub.faults = {};
    await refusal(sources().lookUp('nobody/nothing'), 'access-refused');
    const { hint } = await refusal(() => sources().lookUp('dinov2-smal'), 'not-found');
    expect(hint).toContain('dinov2-small');
  });

  it('says where terms are accepted and where a token is put when it is gated', async () => {
    hub.faults = { gated: TOKEN };
    expect((await sources().lookUp(ADDRESS)).gated).toBe(true);
    const stranger = await refusal(sources().get(ADDRESS), 'access-refused');
    expect(stranger.message).toContain(`${ADDRESS} is gated`);
    expect(stranger.hint).toContain(`${hub.endpoint}/${ADDRESS}`);
    expect(stranger.hint).toContain('HF_TOKEN');
    const other = await refusal(sources({ HF_TOKEN: 'hf_other' }).get(ADDRESS), 'access-refused');
    expect(other.message).toContain('the account of your token');
  });

  it('is given the token, which no other host sees', async () => {
    hub.faults = { gated: TOKEN };
    mkdirSync(join(folder, 'hf'));
    writeFileSync(join(folder, 'hf', 'token'), `${TOKEN}\n`);
    await sources({ HF_HOME: join(folder, 'hf') }).get(ADDRESS);
    const seen = (host: string) =>
      new Set(hub.asked.filter((one) => one.host === host).map((one) => one.authorization));
    expect(seen(hub.host)).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(seen(hub.storage)).toEqual(new Set([undefined]));
  });

  it('is not begun where the disk has no room', async () => {
    const { message } = await refusal(sources({}, 1000).get(ADDRESS), 'not-writable');
    expect(message).toContain('1.0 kB free');
    expect(existsSync(cache)).toBe(false);
  });

  it('is asked for through the proxy of the environment, if it is not exempt', async () => {
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 403 No\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const through = {
      HF_ENDPOINT: 'https://hub.invalid',
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
    };
    await refusal(sources(through).lookUp(ADDRESS), 'unreachable');
    expect(asked).toEqual(['hub.invalid:443']);
    await refusal(sources({ ...through, NO_PROXY: 'hub.invalid' }).lookUp(ADDRESS), 'unreachable');
    expect(asked).toHaveLength(1);
    await new Promise((resolve) => proxy.close(resolve));
  });
});

describe('models on this machine', () => {
  it('are found in the caches of Hugging Face and torch, with what does not fit', async () => {
    const { id, path } = await sources().get('dinov2-small');
    // What options make of its weights is not what is found there, nor what is got again.
    await backbones.add(path, { name: 'mean', said: { pool: 'mean' } });
    expect((await sources().get('dinov2-small')).id).toBe(id);
    // Another program's: without `refs`, with an older snapshot.
    const other = join(cache, 'models--someone--tiny', 'snapshots');
    await writeTinyBackbone(join(other, 'a'.repeat(40)), { seed: 1 });
    mkdirSync(join(other, 'b'.repeat(40)));
    const torch = join(folder, 'torch', 'hub', 'checkpoints');
    mkdirSync(torch, { recursive: true });
    writeFileSync(join(torch, 'notes.txt'), 'no weights');
    writeFileSync(join(torch, 'broken.safetensors'), 'no safetensors');
    symlinkSync(join(folder, 'gone'), join(torch, 'gone.safetensors'));
    const found = await sources({ TORCH_HOME: join(folder, 'torch') }).find();
    expect(
      found.map(({ name, place, backboneId, error }) => [name, place, backboneId, error?.code]),
    ).toEqual([
      [ADDRESS, 'huggingface', id, undefined],
      ['someone/tiny', 'huggingface', null, undefined],
      ['broken.safetensors', 'torch', null, expect.any(String)],
      ['gone.safetensors', 'torch', null, 'not-found'],
    ]);
    const tiny = found[1];
    expect(tiny).toMatchObject({ architecture: { family: 'vit', width: 32 } });
    // Taken in where it lies, under the name of its repository.
    const added = await backbones.add(tiny?.path ?? '');
    expect(added).toMatchObject({ name: 'tiny', path: tiny?.path });
  });

  it('are none where there are no caches', async () => {
    expect(await sources().find()).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('has names and addresses once each', () => {
    const names = CATALOGUE.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(CATALOGUE.map(({ address }) => address)).size).toBe(names.length);
  });
});
