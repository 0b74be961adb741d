import { describe, expect, it } from 'vitest';
import { CallLimit, MOST_CALLS } from '../../../main/electron/call-limit.ts';

describe('the calls of the page', () => {
  it('are refused beyond a number under way, and taken again when some have ended', async () => {
    const limit = new CallLimit();
    const ends: (() => void)[] = [];
    const held = Array.from({ length: MOST_CALLS }, (_, i) =>
      limit.count(async () => {
        await new Promise<void>((resolve) => ends.push(resolve));
        if (i === 0) throw new Error('the first fails');
        return i;
      }),
    );
    const results = Promise.allSettled(held);
    await expect(limit.count(() => Promise.resolve(0))).rejects.toMatchObject({ code: 'in-use' });
    for (const end of ends) end();
    expect((await results).filter(({ status }) => status === 'fulfilled')).toHaveLength(
      MOST_CALLS - 1,
    );
    // A failed call also frees its slot.
    await expect(limit.count(() => Promise.resolve('again'))).resolves.toBe('again');
  });
});
