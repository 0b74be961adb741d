import { expect, it } from 'vitest';
import { JobRegistry } from '../../../main/host/engine/job-registry.ts';
import { refusal } from './support.ts';

/** Work that ends when it is aborted. */
async function untilAborted(signal: AbortSignal): Promise<string> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return 'ended';
}

it('hands on what the work comes to, and what it throws', async () => {
  const jobs = new JobRegistry();
  expect(await jobs.run(undefined, async () => 42)).toBe(42);
  await expect(
    jobs.run(undefined, async () => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
});

it('ends work when whoever asked for it wants that', async () => {
  const jobs = new JobRegistry();
  const asker = new AbortController();
  const one = jobs.run(asker.signal, untilAborted);
  let otherEnded = false;
  const other = jobs.run(undefined, untilAborted).then(() => (otherEnded = true));
  asker.abort();
  expect(await one).toBe('ended');
  expect(otherEnded).toBe(false);
  await jobs.close();
  await other;
});

it('ends all work and waits for it when it is closed, and takes no more', async () => {
  const jobs = new JobRegistry();
  const { promise: tidied, resolve: tidy } = Promise.withResolvers<undefined>();
  let over = false;
  const work = jobs.run(undefined, async (signal) => {
    await untilAborted(signal);
    await tidied;
    over = true;
    throw new Error('a failure is for whoever asked');
  });
  const refused = expect(work).rejects.toThrow('for whoever asked');
  const closing = jobs.close().then(() => over);
  await refusal(
    jobs.run(undefined, async () => 1),
    'cancelled',
  );
  tidy(undefined);
  expect(await closing).toBe(true);
  await refused;
});
