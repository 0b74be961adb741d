import { describe, expect, it } from 'vitest';
import { failureReport } from '../../../main/engine/failure.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

/** The error message of TensorFlow 2.21, including its memory hint. */
const FULL_DISK = `Session fail to run with error: /home/a b/xla/xla_compile_cache__2__XLA_CPU_JIT.pbvm-8-1-6.tmp; No space left on device
	 [[{{node features/call}}]]
Hint: If you want to see a list of allocated tensors when OOM happens, add report_tensor_allocations_upon_oom to RunOptions for current allocation info.`;

describe('what the engine says of a failure', () => {
  it('tells a full disk from too little memory', () => {
    const report = failureReport(new Error(FULL_DISK));
    expect(report).toMatchObject({
      code: 'not-writable',
      message: 'The disk of /home/a b/xla, where compiled programs are kept, is full.',
      path: '/home/a b/xla',
    });
    expect(report.hint).toMatch(/Free some space there.*KARST_CACHE/);
    const quota = FULL_DISK.replace('No space left on device', 'Disk quota exceeded');
    expect(failureReport(new Error(quota)).code).toBe('not-writable');
  });

  it.each([
    'RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.',
    'OOM when allocating tensor with shape[9]',
    'Array buffer allocation failed',
  ])('knows too little memory: %s', (message) => {
    expect(failureReport(new Error(message)).code).toBe('out-of-memory');
  });

  it('leaves alone what has its own words, and does not guess', () => {
    const own = new KarstError('diverged', 'OOM is no reason here.');
    expect(failureReport(own)).toEqual(own.toReport());
    expect(failureReport(new Error('surprise')).code).toBe('internal');
  });
});
