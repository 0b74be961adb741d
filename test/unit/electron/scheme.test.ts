import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answerRequest, CONTENT_POLICY, type SchemeAnswer } from '../../../main/electron/scheme.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

vi.mock('electron', () => ({ protocol: {} }));

describe('karst://studio', () => {
  let folder: string;
  const asked: [media: string, size: number | null][] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'karst-scheme-'));
    mkdirSync(join(folder, 'pages', 'assets'), { recursive: true });
    writeFileSync(join(folder, 'pages', 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'pages', 'assets', 'main.js'), 'export {}');
    writeFileSync(join(folder, 'pages', 'assets', 'data.bin'), 'bytes');
    writeFileSync(join(folder, 'secret.json'), '{}');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function ask(address: string, method = 'GET'): Promise<SchemeAnswer> {
    return answerRequest(method, address, {
      pages: join(folder, 'pages'),
      picture: async (media, size) => {
        asked.push([media, size]);
        if (media === 'd.gone.1') throw new KarstError('not-found', 'It is gone.');
        if (media === 'd.broken.1') throw new KarstError('file-damaged', 'It is damaged.');
        return { bytes: Buffer.from('picture'), contentType: 'image/webp' };
      },
    });
  }

  it('answers files by their ending, under the policy', async () => {
    const { status, headers, body } = await ask('karst://studio/assets/main.js');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'Content-Type': 'text/javascript; charset=utf-8',
      'Content-Security-Policy': CONTENT_POLICY,
      'X-Content-Type-Options': 'nosniff',
    });
    expect(body.toString()).toBe('export {}');
  });

  it.each(['/', '/projects/p-1', '/compare?runs=a,b'])(
    'answers %s with the page',
    async (place) => {
      const { status, headers, body } = await ask(`karst://studio${place}`);
      expect([status, headers['Content-Type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(body.toString()).toBe('<!doctype html>');
    },
  );

  it.each([
    ['karst://studio/assets/none.js', 404],
    ['karst://studio/assets/data.bin', 404],
    ['karst://elsewhere/index.html', 404],
    ['https://studio/index.html', 404],
    ['karst://studio/%2e%2e%2fsecret.json', 400],
    ['karst://studio/..%2fsecret.json', 400],
    ['karst://studio/%', 400],
    ['nonsense', 400],
  ])('refuses %s with %i', async (address, status) => {
    const answer = await ask(address);
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).not.toContain('{}');
  });

  it('refuses to be written to', async () => {
    expect((await ask('karst://studio/', 'POST')).status).toBe(405);
  });

  it('asks for pictures by their name, whole or in a size', async () => {
    asked.length = 0;
    const { status, headers, body } = await ask('karst://studio/media/d.abc.12?size=256');
    expect([status, headers['Content-Type'], body.toString()]).toEqual([
      200,
      'image/webp',
      'picture',
    ]);
    await ask('karst://studio/media/u.00ff');
    expect(asked).toEqual([
      ['d.abc.12', 256],
      ['u.00ff', null],
    ]);
  });

  it.each(['0', '-1', '1.5', 'big', '100000', ''])(
    'refuses a picture of size "%s"',
    async (size) => {
      asked.length = 0;
      expect((await ask(`karst://studio/media/d.abc.1?size=${size}`)).status).toBe(400);
      expect(asked).toEqual([]);
    },
  );

  it('says what the host says of a picture', async () => {
    const gone = await ask('karst://studio/media/d.gone.1');
    expect([gone.status, gone.body.toString()]).toEqual([404, 'It is gone.']);
    const broken = await ask('karst://studio/media/d.broken.1');
    expect([broken.status, broken.body.toString()]).toEqual([500, 'It is damaged.']);
  });
});

it('the policy allows scripts from files of the studio alone', () => {
  const rules = new Map(
    CONTENT_POLICY.split('; ').map((rule) => rule.split(/ (.*)/s) as [string, string]),
  );
  expect(rules.get('default-src')).toBe("'none'");
  expect(rules.get('script-src')).toBe("'self'");
  expect(rules.get('connect-src')).toBe("'self'");
  expect(CONTENT_POLICY).not.toMatch(/unsafe-eval|https?:|\*/);
});
