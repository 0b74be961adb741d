import { mkdirSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freeMemory } from '../../../main/host/services/planning/free-memory.ts';
import { temporaryFolder } from './support.ts';

describe('free memory', () => {
  it.runIf(process.platform === 'linux')('is no more than a container leaves', () => {
    const folder = temporaryFolder();
    const left = (name: string, free = 8e9): number => freeMemory(join(folder, name), () => free);
    expect(left('none')).toBe(8e9);
    mkdirSync(join(folder, 'group'));
    const write = (name: string, text: string) => writeFileSync(join(folder, 'group', name), text);
    write('memory.max', '1000000\n');
    write('memory.current', '600000\n');
    expect(left('group')).toBe(400_000);
    expect(left('group', 300_000)).toBe(300_000);
    write('memory.stat', 'anon 1\ninactive_file 250000\nactive_file 7\n');
    expect(left('group')).toBe(650_000);
    write('memory.current', '1600000\n');
    expect(left('group')).toBe(0);
    write('memory.max', 'max\n');
    expect(left('group')).toBe(8e9);
  });

  it('is what the system says, where nobody says otherwise', () => {
    expect(freeMemory()).toBeGreaterThan(0);
    expect(freeMemory()).toBeLessThanOrEqual(totalmem());
  });
});
