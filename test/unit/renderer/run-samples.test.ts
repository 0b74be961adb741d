// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { h, ref, type VNode } from 'vue';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { setLocale } from '../../../renderer/i18n.ts';
import RunSamples from '../../../renderer/views/run/RunSamples.vue';
import type { SampleSet } from '../../../shared/contract/window/runs.ts';
import { FakeBridge } from './fake-bridge.ts';
import { runView } from './runs.ts';

/** All wrong, one image each. */
const validation = (epoch: number, truth: string): SampleSet => ({
  epoch,
  images: [{ media: `m.${truth}`, truth, predictions: [{ label: 'owl', probability: 0.5 }] }],
});

let mounted: VueWrapper;

beforeEach(() => {
  setActivePinia(createPinia());
  setBridge(new FakeBridge());
  setLocale('en');
});
afterEach(() => {
  mounted.unmount();
  document.body.innerHTML = '';
});

it('keeps the image that is looked at when the next validation comes', async () => {
  const run = runView({ datasetId: null });
  const shown = ref([validation(1, 'gull')]);
  const view = (): VNode => h(TooltipProvider, () => h(RunSamples, { run, samples: shown.value }));
  mounted = mount(view, { attachTo: document.body });
  await mounted.get('button.picture').trigger('click');
  await flushPromises();
  const dialog = (): string => document.querySelector('[role="dialog"]')?.textContent ?? '';
  expect(dialog()).toContain('actual: gull');
  shown.value = [...shown.value, validation(2, 'tern')];
  await flushPromises();
  expect(mounted.get('.verdict').text()).toContain('tern');
  expect(dialog()).toContain('actual: gull');
});
