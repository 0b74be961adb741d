import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { drawInTurn } from '../../../../renderer/components/charts/draw-queue.ts';

let frames: (() => void)[] = [];
/** Runs one animation frame. */
function frame(): void {
  for (const callback of frames.splice(0)) callback();
}

beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => frames.push(callback));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

it('draws one chart a frame, in the order of asking, and then no more frames are asked for', () => {
  const drawn: string[] = [];
  for (const name of ['loss', 'accuracy', 'speed']) drawInTurn(() => drawn.push(name));
  expect(drawn).toEqual([]);
  frame();
  expect(drawn).toEqual(['loss']);
  drawInTurn(() => drawn.push('loss again'));
  frame();
  frame();
  frame();
  expect(drawn).toEqual(['loss', 'accuracy', 'speed', 'loss again']);
  expect(frames).toEqual([]);
  drawInTurn(() => drawn.push('later'));
  frame();
  expect(drawn.at(-1)).toBe('later');
});

it('goes on when a drawing fails', () => {
  const drawn: string[] = [];
  drawInTurn(() => {
    throw new Error('no canvas');
  });
  drawInTurn(() => drawn.push('accuracy'));
  expect(() => {
    frame();
  }).toThrow('no canvas');
  frame();
  expect(drawn).toEqual(['accuracy']);
});
