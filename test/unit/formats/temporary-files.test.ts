import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic, writeFolderAtomic } from '../../../main/formats/files.ts';
import { bootOf, ownMark } from '../../../main/formats/process-mark.ts';
import { sweepTemporaries, temporaryName } from '../../../main/formats/temporary-files.ts';

const FILES = new URL('../../../main/formats/files.ts', import.meta.url).href;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'karst-sweep-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = (): string[] => readdirSync(folder).sort();

/** A process that is killed while it writes a file and a folder. */
async function killedWriter(): Promise<void> {
  const script = `import(${JSON.stringify(FILES)}).then(async ({ writeFileAtomic, writeFolderAtomic }) => {
    const never = new Promise(() => setInterval(() => undefined, 1000));
    let begun = 0;
    const told = () => { if (++begun === 2) console.log('both'); };
    writeFileAtomic(process.argv[1] + '/weights.safetensors', async (append) => { await append(new Uint8Array(100)); told(); await never; });
    writeFolderAtomic(process.argv[1] + '/adapter', async () => { told(); await never; });
  });`;
  const child = spawn(process.execPath, ['-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('temporary files', () => {
  it('of a killed process are swept, and nothing else', async () => {
    await killedWriter();
    const left = names();
    expect(left).toHaveLength(2);
    const [, mark = ''] = /\.(\d+-\d*-[0-9a-f]*)\.[0-9a-f]{12}\.tmp$/.exec(left[0]!) ?? [];
    const people = [
      '.hidden.tmp',
      'notes.tmp',
      '.weights.0123456789ab.tmp',
      `weights.${mark}.0123456789ab.tmp`,
      `.weights.${mark}.0123456789ab.tmp.txt`,
      `.weights.${mark}.tmp`,
      `.${mark}.0123456789ab.tmp`,
    ];
    for (const name of people) writeFileSync(join(folder, name), 'mine');
    const { removed, problems } = await sweepTemporaries(folder);
    expect(removed.map((path) => basename(path)).sort()).toEqual(left);
    expect(problems).toEqual([]);
    expect(names()).toEqual(people.sort());
  });

  it('of processes that live are left alone', async () => {
    await writeFileAtomic(join(folder, 'file'), async (append) => {
      await append(new Uint8Array(3));
      const [temporary = ''] = names();
      expect(temporary).toContain(ownMark());
      expect(await sweepTemporaries(folder)).toEqual({ removed: [], problems: [] });
      expect(names()).toEqual([temporary]);
    });
    await writeFolderAtomic(join(folder, 'folder'), async () => {
      expect(await sweepTemporaries(folder)).toEqual({ removed: [], problems: [] });
    });
    expect(names()).toEqual(['file', 'folder']);
  });

  it('of earlier versions go after a day, from folders of ours alone', async () => {
    const [fresh, old] = ['.fresh.0123456789ab.tmp', '.old.0123456789ab.tmp'];
    for (const name of [fresh, old, 'old.0123456789ab.tmp']) writeFileSync(join(folder, name), '');
    const before = Date.now() / 1000 - 25 * 3600;
    for (const name of [old, 'old.0123456789ab.tmp'])
      utimesSync(join(folder, name), before, before);
    await sweepTemporaries(folder, bootOf(ownMark()));
    expect(names()).toContain(old);
    expect((await sweepTemporaries(folder)).removed).toEqual([join(folder, old)]);
    expect(names()).toEqual([fresh, 'old.0123456789ab.tmp'].sort());
  });

  it('of another boot are left alone where other machines may write', async () => {
    await killedWriter();
    const left = names();
    const boot = bootOf(ownMark());
    await sweepTemporaries(folder, boot === '' ? 'ffffffff' : `${boot}0`);
    expect(names()).toEqual(left);
    await sweepTemporaries(folder, boot);
    expect(names()).toEqual([]);
  });

  it('have a name that the file system takes, however long the final one is', async () => {
    for (const name of ['x'.repeat(250), '鸟'.repeat(80), '🦅'.repeat(60)]) {
      await writeFileAtomic(join(folder, name), 'whole');
      expect(Buffer.byteLength(basename(temporaryName(join(folder, name))))).toBeLessThan(255);
    }
    expect(names()).toHaveLength(3);
  });

  it('that cannot be removed are told of, and folders that are not there are not', async () => {
    mkdirSync(join(folder, 'a'));
    expect(await sweepTemporaries(join(folder, 'b'))).toEqual({ removed: [], problems: [] });
    writeFileSync(join(folder, 'c'), '');
    expect(await sweepTemporaries(join(folder, 'c'))).toEqual({ removed: [], problems: [] });
  });
});
