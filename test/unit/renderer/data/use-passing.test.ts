// @vitest-environment happy-dom
import { effectScope, ref } from 'vue';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { usePassing, type Passing } from '../../../../renderer/views/dataset/use-passing.ts';

const HEIGHT = 500;
const list = document.createElement('div');
let scope: ReturnType<typeof effectScope>;
let scrolling: Passing;

/** Scrolls by `pixels`, `milliseconds` after the previous call. */
function scroll(pixels: number, milliseconds: number): boolean {
  vi.advanceTimersByTime(milliseconds);
  list.scrollTop += pixels;
  scrolling.scrolled();
  return scrolling.passing.value;
}

beforeEach(() => {
  vi.useFakeTimers();
  Object.defineProperty(list, 'clientHeight', { value: HEIGHT, configurable: true });
  list.scrollTop = 0;
  scope = effectScope();
  scrolling = scope.run(() => usePassing(ref(list)))!;
});
afterEach(() => {
  scope.stop();
  vi.useRealTimers();
});

it('is so above two heights a second, in either direction, and not below', () => {
  expect(scroll(100, 1000)).toBe(false);
  expect([scroll(20, 16), scroll(12, 16), scroll(-20, 16), scroll(-12, 16)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

it('ends soon after the last scrolling, not before', () => {
  expect(scroll(5000, 16)).toBe(true);
  expect(scroll(5000, 100)).toBe(true);
  vi.advanceTimersByTime(100);
  expect(scrolling.passing.value).toBe(true);
  vi.advanceTimersByTime(50);
  expect(scrolling.passing.value).toBe(false);
});

it('leaves no timer behind', () => {
  scroll(5000, 16);
  scope.stop();
  expect(vi.getTimerCount()).toBe(0);
});
