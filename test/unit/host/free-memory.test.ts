import { mkdirSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freeMemory } from '../../../main/host/services/free-memory.ts';
import { temporaryFolder } from './support.ts';

describe('free memory', () => {
  it.runIf(process.platform === 'linux')('is no more than a container leaves', () => {
    const folder = temporaryFolder();
    expect(freeMemory(join(folder, 'none'))).toBeCloseTo(freemem(), -8.5);
    mkdirSync(join(folder, 'group'));
    const write = (name: string, text: string) => writeFileSync(join(folder, 'group', name), text);
    write('memory.max', '1000000\n');
    write('memory.current', '600000\n');
    expect(freeMemory(join(folder, 'group'))).toBe(400_000);
    write('memory.stat', 'anon 1\ninactive_file 250000\nactive_file 7\n');
    expect(freeMemory(join(folder, 'group'))).toBe(650_000);
    write('memory.current', '1600000\n');
    expect(freeMemory(join(folder, 'group'))).toBe(0);
    write('memory.max', 'max\n');
    expect(freeMemory(join(folder, 'group'))).toBeGreaterThan(1_000_000);
  });
});
