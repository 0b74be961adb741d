// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';
import { KarstError } from '../../../shared/domain/errors.ts';
import { useAction } from '../../../renderer/composables/use-action.ts';
import { useToasts } from '../../../renderer/stores/toasts.ts';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { FakeBridge } from './fake-bridge.ts';

const wrong = (what: string): KarstError => new KarstError('not-found', what);

beforeEach(() => {
  setBridge(new FakeBridge());
  setActivePinia(createPinia());
});

it('takes no error from a call that a newer one has overtaken', async () => {
  const older = Promise.withResolvers<string>();
  const { run, busy, error } = useAction((answer: Promise<string>) => answer, { inline: true });
  const first = run(older.promise);
  expect(await run(Promise.resolve('newer'))).toBe('newer');
  expect(busy.value).toBe(false);
  older.reject(wrong('older'));
  await first;
  expect(error.value).toBeNull();
});

it('is busy until the newest call ends, whichever of the older ones ends before', async () => {
  const newer = Promise.withResolvers<string>();
  const { run, busy, error } = useAction((answer: Promise<string>) => answer, { inline: true });
  const last = Promise.all([run(Promise.reject(wrong('older'))), run(newer.promise)]);
  await new Promise(setImmediate);
  expect([busy.value, error.value]).toEqual([true, null]);
  newer.reject(wrong('newer'));
  await last;
  expect([busy.value, error.value?.message]).toEqual([false, 'newer']);
});

it('tells of each failure by a toast', async () => {
  const older = Promise.withResolvers<string>();
  const { run } = useAction((answer: Promise<string>) => answer);
  const first = run(older.promise);
  await run(Promise.reject(wrong('newer')));
  older.reject(wrong('older'));
  await first;
  expect(useToasts().all.map(({ error }) => error?.message)).toEqual(['newer', 'older']);
});
