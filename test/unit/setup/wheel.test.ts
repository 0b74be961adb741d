import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Progress } from '../../../main/setup/progress.mjs';
import { downloadWheel, unpackWheel } from '../../../main/setup/wheel.mjs';
import { fakeWheel, offerToPip, silentStream } from './fake-wheel.ts';
import { temporaryFolder } from './temporary.ts';

const MEMBERS = { 'probe/lib/one.so': 'one', 'probe/bin/tool': 'tool', 'probe/notes.txt': 'notes' };
const OTHER_SHA256 = 'f'.repeat(64);

describe('downloadWheel', () => {
  it('brings the wheel whose sha256 is pinned, whatever an interruption left, and keeps it', async () => {
    const folder = temporaryFolder();
    const wheel = fakeWheel(join(folder, 'index'), 'karst-probe', MEMBERS);
    offerToPip(join(folder, 'index'));
    writeFileSync(join(folder, wheel.file), 'half of it');
    mkdirSync(join(folder, `${wheel.file}.part`, 'pip-unpack'), { recursive: true });
    const stream = silentStream();
    const path = await downloadWheel(wheel, folder, new Progress(stream));
    expect(path).toBe(join(folder, wheel.file));
    expect(readFileSync(path)).toEqual(readFileSync(join(folder, 'index', wheel.file)));
    expect(readdirSync(folder).sort()).toEqual(['index', wheel.file].sort());
    expect(stream.text).toContain('karst-probe 1.0 downloaded, sha256 checked');

    const again = silentStream();
    await downloadWheel(wheel, folder, new Progress(again));
    expect(again.text).toBe('');
  });

  it('refuses a wheel with another sha256 and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const wheel = fakeWheel(join(folder, 'index'), 'karst-probe', MEMBERS);
    offerToPip(join(folder, 'index'));
    const altered = { ...wheel, sha256: OTHER_SHA256 };
    await expect(
      downloadWheel(altered, folder, new Progress(silentStream())),
    ).rejects.toMatchObject({
      name: 'SetupProblem',
      message: expect.stringContaining('does not have the expected sha256') as string,
    });
    expect(readdirSync(folder)).toEqual(['index']);
  });

  it('says what pip says and what to do when the wheel cannot be had', async () => {
    const folder = temporaryFolder();
    const wheel = fakeWheel(join(folder, 'index'), 'karst-probe', MEMBERS);
    offerToPip(join(folder, 'index'));
    const missing = { ...wheel, version: '2.0' };
    await expect(
      downloadWheel(missing, folder, new Progress(silentStream())),
    ).rejects.toMatchObject({
      message: expect.stringMatching(
        /karst-probe 2\.0 could not be downloaded\.[^]*No matching/,
      ) as string,
      hint: expect.stringContaining('KARST_TENSORFLOW_DIR') as string,
    });
  });
});

describe('unpackWheel', () => {
  const moves = [
    [String.raw`probe/(lib/.*)`, String.raw`\g<1>`],
    [String.raw`probe/(bin/.*)`, String.raw`\g<1>`],
  ] as const;

  it('unpacks the chosen members with their mode and reports the bytes', async () => {
    const folder = temporaryFolder();
    const wheel = fakeWheel(folder, 'karst-probe', MEMBERS);
    const target = join(folder, 'target');
    let last = [0, 0];
    await unpackWheel(join(folder, wheel.file), target, moves, (done, total) => {
      last = [done, total];
    });
    expect(readFileSync(join(target, 'lib/one.so'), 'utf8')).toBe('one');
    expect(statSync(join(target, 'bin/tool')).mode & 0o777).toBe(0o755);
    expect(readdirSync(target).sort()).toEqual(['bin', 'lib']);
    expect(last).toEqual([7, 7]);
  });

  it('does not write outside its target', async () => {
    const folder = temporaryFolder();
    const wheel = fakeWheel(folder, 'karst-probe', { 'probe/lib/../../../escaped': 'x' });
    const target = join(folder, 'deep', 'target');
    await expect(
      unpackWheel(join(folder, wheel.file), target, moves, () => undefined),
    ).rejects.toThrow('could not be unpacked');
    expect(existsSync(join(folder, 'deep', 'escaped'))).toBe(false);
  });

  it('notices a damaged member', async () => {
    const folder = temporaryFolder();
    const wheel = fakeWheel(folder, 'karst-probe', { 'probe/lib/one.so': 'x'.repeat(50_000) });
    const path = join(folder, wheel.file);
    const bytes = readFileSync(path);
    const name = bytes.indexOf('probe/lib/one.so');
    bytes[name + 16 + 40]! ^= 0xff;
    writeFileSync(path, bytes);
    await expect(unpackWheel(path, join(folder, 'target'), moves, () => undefined)).rejects.toThrow(
      'could not be unpacked',
    );
  });
});
