import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  servePredictions,
  type PredictionServer,
} from '../../../main/host/serve/prediction-server.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { predictSnippets, TOKEN_VARIABLE } from '../../../shared/domain/predict-snippets.ts';
import { karst, start, workplace } from '../cli/karst.ts';

const LIMIT = 1000;
const LABELS = ['beech', 'oak', 'ash'];
let server: PredictionServer;
beforeAll(async () => {
  server = await servePredictions({
    served: { name: 'leaves', labels: LABELS },
    port: 0,
    largestBody: LIMIT,
    predict(picture, top) {
      if (picture.toString() === 'torn')
        throw new KarstError('file-damaged', 'The picture is cut off.', {
          path: '/secret/picture',
          hint: 'Send it again.',
        });
      return Promise.resolve(LABELS.slice(0, top).map((label) => ({ label, probability: 0.25 })));
    },
  });
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: { error?: { code: string; message: string }; [key: string]: unknown };
}

async function send(
  path: string,
  body: string | null,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const method = body === null ? 'GET' : 'POST';
  const asked = request({
    ...{ host: '127.0.0.1', port: server.port, path, method },
    headers: { authorization: `Bearer ${server.token}`, ...headers },
  });
  asked.end(body ?? undefined);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const { statusCode: status = 0, headers: given } = response;
  return { status, headers: given, json: JSON.parse(await text(response)) as Answer['json'] };
}

describe('a served model', () => {
  it('answers a picture with its likeliest classes', async () => {
    const { status, json } = await send('/v1/predict?top=2', 'picture');
    expect([status, json]).toEqual([
      200,
      {
        model: 'leaves',
        predictions: [
          { label: 'beech', probability: 0.25 },
          { label: 'oak', probability: 0.25 },
        ],
      },
    ]);
    expect((await send('/v1/predict', 'picture')).json['predictions']).toHaveLength(3);
  });

  it.each([
    ['no token', '/v1/predict', 'x', { authorization: '' }, 401, 'access-refused'],
    ['another token', '/v1/predict', 'x', { authorization: 'Bearer x' }, 401, 'access-refused'],
    ['another name', '/v1/predict', 'x', { host: 'evil.example' }, 403, 'usage'],
    ['a wrong number', '/v1/predict?top=0', 'x', {}, 400, 'usage'],
    ['nothing', '/v1/predict', '', {}, 400, 'usage'],
    ['too much', '/v1/predict', 'x'.repeat(LIMIT + 1), {}, 413, 'usage'],
    [
      'a form',
      '/v1/predict',
      'x',
      { 'content-type': 'multipart/form-data' },
      415,
      'format-unsupported',
    ],
    ['a damaged picture', '/v1/predict', 'torn', {}, 422, 'file-damaged'],
    ['a question', '/v1/predict', null, {}, 405, 'usage'],
    ['another place', '/v2/predict', 'x', {}, 404, 'not-found'],
  ] as const)('refuses %s as JSON', async (_, path, body, headers, status, code) => {
    const answer = await send(path, body, headers);
    expect([answer.status, answer.json.error?.code]).toEqual([status, code]);
    expect(JSON.stringify(answer.json)).not.toContain('/secret/');
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer');
    if (status === 405) expect(answer.headers.allow).toBe('POST');
  });

  it('ends a body that has no length once it is too large', async () => {
    const answer = await send('/v1/predict', 'x'.repeat(LIMIT + 1), {
      'transfer-encoding': 'chunked',
    });
    expect(answer.status).toBe(413);
    expect(answer.json.error?.message).toBe('The body is larger than 1.0 kB.');
  });

  it('describes itself: every reference leads somewhere, every answer has its schema', async () => {
    const { json } = await send('/openapi.json', null);
    expect(json).toMatchObject({
      openapi: '3.1.1',
      servers: [{ url: server.origin }],
      paths: { '/v1/predict': { post: { operationId: 'predict' } } },
    });
    const words = JSON.stringify(json);
    for (const [, name = ''] of words.matchAll(/#\/components\/schemas\/(\w+)/g))
      expect(json).toHaveProperty(['components', 'schemas', name]);
    for (const label of LABELS) expect(words).toContain(label);
  });

  it('is asked by the program that the window shows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'karst-snippet-'));
    writeFileSync(join(folder, 'picture.jpg'), 'picture');
    writeFileSync(join(folder, 'ask.mjs'), predictSnippets(server.origin).javascript);
    const child = spawn(process.execPath, ['ask.mjs'], {
      cwd: folder,
      env: { ...process.env, [TOKEN_VARIABLE]: server.token },
    });
    expect([await text(child.stdout), await text(child.stderr)]).toEqual([
      '25.0 %  beech\n25.0 %  oak\n25.0 %  ash\n',
      '',
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe('karst serve --predict', () => {
  it('loads the model before it says its address, and says none where it cannot', async () => {
    const { folder, remove } = await workplace();
    try {
      const home = ['--home', join(folder, 'home')];
      const model = join(folder, 'model');
      cpSync(join(import.meta.dirname, '../../fixtures/backbones/hf-deit-teacher'), model, {
        recursive: true,
      });
      await karst(['backbone', 'add', model, '--name', 'own', ...home]);
      const args = ['serve', '--predict', '--backbone', 'own', '--port', '0', '--json', ...home];
      const running = start(args);
      const line = await running.line((text) => text.includes('"serving"'));
      expect(JSON.parse(line)).toMatchObject({ event: 'serving', model: 'own' });
      running.interrupt();
      expect((await running.outcome).code).toBe(0);

      truncateSync(join(model, 'model.safetensors'), 1000);
      const refused = await karst(args);
      expect(refused.code).not.toBe(0);
      expect(refused.out).not.toContain('serving');
      expect(refused.out + refused.error).toContain(join(model, 'model.safetensors'));
    } finally {
      await remove();
    }
  });
});
