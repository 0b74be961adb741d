import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedKernels } from '../../../main/platform/kernels.mjs';
import { answer, karst, someDigits, workplace } from './karst.ts';
import { doctor } from './schemas.ts';

let folder: string;
let home: string;
let remove: () => Promise<void>;
const at = (...args: string[]) => [...args, '--home', home];

beforeAll(async () => {
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
  const images = path.join(folder, 'digits');
  someDigits(images, 3, 4);
  await karst(at('dataset', 'add', images, '--name', 'some'));
});
afterAll(() => remove());

describe('doctor', () => {
  it('says what is there, for scripts and for people', async () => {
    const report = await answer(doctor, at('doctor'));
    expect(report.ok).toBe(true);
    expect(report.engine).toMatchObject({ backend: 'tensorflow', device: 'cpu' });
    expect(report.library).toMatchObject({ integrity: 'ok', datasets: 1 });
    expect(report.data.folder).toBe(home);
    const people = await karst(at('doctor'));
    expect(people.code).toBe(0);
    expect(people.out).toMatch(/^engine +TensorFlow \d+\.\d+/m);
    const [usable] = installedKernels(path.resolve(import.meta.dirname, '../../..'));
    expect(people.out).toMatch(new RegExp(`^kernels +${usable?.isa ?? 'none'}`, 'm'));
    expect(people.out).not.toContain('kernels off');
    expect(people.out).toMatch(/^library +sound: /m);
  });

  it('refuses kernels that there are none of, and names those that there are', async () => {
    const { code, out } = await karst(at('doctor', '--json'), { KARST_KERNELS: 'avx-512' });
    expect(code).toBe(1);
    const { engine } = v.parse(doctor, JSON.parse(out));
    expect(engine).toMatchObject({
      error: {
        code: 'usage',
        message: 'The environment variable KARST_KERNELS is "avx-512", which names no kernels.',
      },
    });
    const people = await karst(at('doctor'), { KARST_KERNELS: 'avx-512' });
    expect(people.out).toMatch(/^engine +.* Set it to amx, avx512, avx2, none, or leave it out/m);
  });

  it('reports a damaged library and does not stop at it', async () => {
    const broken = path.join(folder, 'broken home');
    mkdirSync(broken);
    writeFileSync(path.join(broken, 'library.sqlite'), 'this was a library once'.repeat(400));
    const { code, out } = await karst(['doctor', '--json', '--home', broken]);
    expect(code).toBe(1);
    const report = v.parse(doctor, JSON.parse(out));
    expect(report.ok).toBe(false);
    expect(report.library).toMatchObject({ error: { code: 'store-damaged' } });
  });
});
