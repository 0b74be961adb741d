import { afterEach, describe, expect, it, vi } from 'vitest';
import { withInterrupts } from '../../../main/cli/interrupts.ts';

describe('Ctrl-C', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('first aborts, then ends at once; two signals of one press are one', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const listeners = process.listenerCount('SIGINT');
    const heard: string[] = [];
    await withInterrupts(
      async (signal) => {
        signal.addEventListener('abort', () => heard.push('abort'));
        process.emit('SIGINT');
        process.emit('SIGINT');
        expect(heard).toEqual(['first', 'abort']);
        vi.advanceTimersByTime(400);
        process.emit('SIGINT');
        expect(heard).toEqual(['first', 'abort']);
        vi.advanceTimersByTime(1);
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
