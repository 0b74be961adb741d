import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withInterrupts } from '../../../main/cli/interrupts.ts';

describe('Ctrl-C', () => {
  it('first aborts, then ends at once; two signals of one press are one', async () => {
    const listeners = process.listenerCount('SIGINT');
    const heard: string[] = [];
    await withInterrupts(
      async (signal) => {
        signal.addEventListener('abort', () => heard.push('abort'));
        process.emit('SIGINT');
        process.emit('SIGINT');
        expect(heard).toEqual(['first', 'abort']);
        await pause(450);
        expect(heard).toEqual(['first', 'abort']);
        process.emit('SIGINT');
        process.emit('SIGINT');
        expect(heard).toEqual(['first', 'abort', 'second']);
      },
      { onFirst: () => heard.push('first'), onSecond: () => heard.push('second') },
    );
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  });

  it('leaves no listener behind when the work fails', async () => {
    const before = [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')];
    await expect(withInterrupts(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual(before);
  });
});
