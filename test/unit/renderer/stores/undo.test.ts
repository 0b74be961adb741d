import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';
import { useToasts } from '../../../../renderer/stores/toasts.ts';
import { useUndo } from '../../../../renderer/stores/undo.ts';

beforeEach(() => setActivePinia(createPinia()));

it('takes back one change after the other, the last first, each once', async () => {
  const undo = useUndo();
  const done: string[] = [];
  for (const name of ['first', 'second']) {
    undo.offer(`${name} removed`, () => Promise.resolve(done.push(name)));
  }
  await undo.undoLast();
  await undo.undoLast();
  await undo.undoLast();
  expect(done).toEqual(['second', 'first']);
});

it('offers only the last change in a notification, which goes when it was taken back', async () => {
  const undo = useUndo();
  const toasts = useToasts();
  const back: string[] = [];
  undo.offer('first removed', () => Promise.resolve(back.push('first')));
  undo.offer('second removed', () => Promise.resolve(back.push('second')));
  expect(toasts.all.map(({ text }) => text)).toEqual(['second removed']);
  toasts.all[0]!.action!.run();
  await Promise.resolve();
  expect(back).toEqual(['second']);
  expect(toasts.all.map(({ text }) => text)).toEqual(['Undone: second removed']);
});

it('tells what could not be taken back, and goes on to the change before', async () => {
  const undo = useUndo();
  const toasts = useToasts();
  let back = false;
  undo.offer('first removed', () => Promise.resolve((back = true)));
  undo.offer('second removed', () => Promise.reject(new Error('the bin was emptied')));
  await undo.undoLast();
  expect(toasts.all[0]!.error?.message).toContain('the bin was emptied');
  await undo.undoLast();
  expect(back).toBe(true);
});
