// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { nextTick } from 'vue';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { setBridge } from '../../../../renderer/bridge/index.ts';
import type { ChartSeries } from '../../../../renderer/components/charts/chart.ts';
import LineChart from '../../../../renderer/components/charts/LineChart.vue';
import { setLocale } from '../../../../renderer/i18n.ts';
import { FakeBridge } from '../fake-bridge.ts';

const WIDTH = 640;
const STEPS_IN_EPOCH = 3;

let frames: (() => void)[] = [];
let chart: VueWrapper;

/** A canvas context that accepts all drawing calls and discards them. */
function blankCanvas(): CanvasRenderingContext2D {
  const nothing = (): undefined => undefined;
  return new Proxy({} as CanvasRenderingContext2D, {
    get: (_, name) =>
      name === 'canvas'
        ? document.createElement('canvas')
        : name === 'measureText'
          ? () => ({ width: 8 })
          : nothing,
    set: () => true,
  });
}

beforeEach(async () => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => frames.push(callback));
  vi.stubGlobal(
    'Path2D',
    class {
      lineTo(): void {}
      moveTo(): void {}
      arc(): void {}
      rect(): void {}
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockImplementation(blankCanvas as never);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(WIDTH);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(220);
  setBridge(new FakeBridge());
  setActivePinia(createPinia());
  setLocale('en');
  chart = mount(LineChart, {
    attachTo: document.body,
    global: { stubs: { KIconButton: true, KMenu: true } },
    props: {
      title: 'Accuracy',
      measure: 'accuracy',
      along: 'epochs',
      theme: 'light',
      series: course(0),
    },
  });
  await drawn();
});

afterEach(() => {
  chart.unmount();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Training and validation series of a run's first epochs. */
function course(epochs: number): ChartSeries[] {
  const steps = Array.from({ length: epochs * STEPS_IN_EPOCH }, (_, i) => (i + 1) / STEPS_IN_EPOCH);
  const ends = Array.from({ length: epochs }, (_, i) => i + 1);
  const line = { x: steps, y: steps.map((x) => x / 10) };
  const points = { x: ends, y: ends.map((x) => x / 20), dots: true };
  return [
    { key: 'train', label: 'Training', colour: 1, ...line },
    { key: 'validation', label: 'Validation', colour: 2, ...points },
  ];
}

/** Runs all requested animation frames and the updates that they trigger. */
async function drawn(): Promise<void> {
  await nextTick();
  for (let i = 0; i < 3; i++) {
    for (const callback of frames.splice(0)) callback();
    await nextTick();
  }
}

function spoken(): string | undefined {
  return chart.get('[role=slider]').attributes('aria-valuetext');
}

async function press(key: string): Promise<void> {
  await chart.get('[role=slider]').trigger('keydown', { key });
}

it('keeps the place that was gone to by keys when the axis changes with what is drawn next', async () => {
  await chart.setProps({ series: course(3) });
  // The values are set, but the axis is still that of an empty chart.
  await press('Home');
  expect(spoken()).toBe('epoch 0.33, Training 3.3 %, Validation 5.0 %');
  await drawn();
  expect(spoken()).toBe('epoch 0.33, Training 3.3 %, Validation 5.0 %');

  await chart.setProps({ series: course(6) });
  await drawn();
  expect(spoken()).toBe('epoch 0.33, Training 3.3 %, Validation 5.0 %');
});

it('keeps it when the chart is built anew', async () => {
  await chart.setProps({ series: course(3) });
  await drawn();
  await press('Home');
  await chart.setProps({ smoothing: 10 });
  await drawn();
  expect(spoken()).toMatch(/^epoch 0\.33,/);
  await chart.setProps({ series: course(9) });
  await drawn();
  expect(spoken()).toMatch(/^epoch 0\.33,/);
});

it('goes on from where a key has led, and back to the newest', async () => {
  await chart.setProps({ series: course(3) });
  await drawn();
  await press('Home');
  await press('ArrowRight');
  expect(spoken()).toMatch(/^epoch 0\.67,/);
  await press('Escape');
  expect(spoken()).toMatch(/^epoch 3,/);
  await drawn();
  expect(spoken()).toMatch(/^epoch 3,/);
});

it('follows the pointer instead once that moves', async () => {
  await chart.setProps({ series: course(3) });
  await drawn();
  await press('Home');
  const over = document.querySelector('.u-over')!;
  over.dispatchEvent(new MouseEvent('mousemove', { clientX: over.clientWidth / 2, clientY: 20 }));
  await nextTick();
  expect(spoken()).not.toMatch(/^epoch (0\.33|3),/);
});
