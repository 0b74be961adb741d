// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { computed, defineComponent, h, ref } from 'vue';
import { afterEach, beforeEach, expect, it } from 'vitest';
import KField from '../../../renderer/components/KField.vue';
import KNumberField from '../../../renderer/components/KNumberField.vue';
import { useNumberFaults } from '../../../renderer/composables/number-faults.ts';
import { setLocale } from '../../../renderer/i18n.ts';

let mounted: VueWrapper | null = null;
const value = ref<number>(0.001);
const shown = ref(true);

/** A form with one field, which outputs the fault that it reports. */
const Form = defineComponent({
  setup() {
    const wrong = useNumberFaults();
    const limits = { kind: 'number', min: 0, max: 10, whole: false, minExcluded: true } as const;
    const number = computed({ get: () => value.value, set: (next) => (value.value = next) });
    return () => [
      shown.value
        ? h(
            KField,
            { label: 'Learning rate', help: 'Size of the updates.' },
            {
              default: ({ id, described }: { id: string; described: string | undefined }) =>
                h(KNumberField, {
                  ...{ id, described, limits, usual: [1e-6, 0.02], step: 'tenth' },
                  label: 'Learning rate',
                  modelValue: number.value,
                  'onUpdate:modelValue': (next: number | null) => (number.value = next ?? NaN),
                }),
            },
          )
        : null,
      h('output', wrong.value),
    ];
  },
});

beforeEach(() => {
  setLocale('en');
  value.value = 0.001;
  shown.value = true;
  mounted = mount(Form, { attachTo: document.body });
});

afterEach(() => {
  mounted?.unmount();
  mounted = null;
});

const input = () => mounted!.find<HTMLInputElement>('input');
async function type(text: string): Promise<void> {
  input().element.value = text;
  await input().trigger('input');
}

const help = () => mounted!.find('.help').text();
const ofForm = () => mounted!.find('output').text();

it('takes an exponent when the field is left, and shows the number', async () => {
  await type('1e-');
  expect(value.value).toBe(0.001);
  expect(help(), 'not told while it is typed').toBe('Size of the updates.');
  expect(ofForm()).toBe('Learning rate: “1e-” is not a number.');
  await type('1e-4');
  expect(ofForm()).toBe('');
  await input().trigger('blur');
  expect(value.value).toBe(0.0001);
  expect(input().element.value).toBe('0.0001');
});

it('keeps what is not taken until it is corrected, and says why', async () => {
  await type('0');
  await input().trigger('keydown', { key: 'Enter' });
  expect([input().element.value, value.value]).toEqual(['0', 0.001]);
  expect(help()).toBe('Must be above 0, at most 10.');
  expect(input().attributes('aria-invalid')).toBe('true');
  expect(mounted!.find(`#${input().attributes('aria-describedby') ?? ''}`).text()).toBe(help());
  await input().trigger('keydown', { key: 'ArrowUp' });
  expect(input().element.value, 'a step would lose it').toBe('0');
  await type('0,5');
  await input().trigger('blur');
  expect(value.value).toBe(0.5);
  expect([help(), ofForm()]).toEqual(['Usual values are 1e-6 to 0.02.', '']);
  expect(input().attributes('aria-invalid')).toBeUndefined();
});

it('tells letters at once, and lets a number from outside replace them', async () => {
  await type('1e-3x');
  expect(help()).toBe('“1e-3x” is not a number.');
  value.value = 0.002;
  await mounted!.vm.$nextTick();
  await mounted!.vm.$nextTick();
  expect(input().element.value).toBe('0.002');
  expect([help(), ofForm()]).toEqual(['Size of the updates.', '']);
});

it('is stepped by keys and buttons, from what was just typed', async () => {
  await type('0.01');
  await input().trigger('keydown', { key: 'ArrowUp' });
  expect(value.value).toBe(0.011);
  await input().trigger('keydown', { key: 'PageDown' });
  expect(value.value).toBe(0.001);
  await mounted!.find('button[aria-label="Increase Learning rate"]').trigger('click');
  expect(value.value).toBe(0.0011);
  expect(input().attributes('aria-valuenow')).toBe('0.0011');
});

it('shows a word in place of a number that stands for it, and takes both', async () => {
  const size = ref<number | null>(0);
  const limits = { kind: 'number', min: 0, max: 4096, whole: true } as const;
  const wrapper = mount(
    () =>
      h(KNumberField, {
        ...{ label: 'Image size', limits, step: 16, unit: 'px' },
        word: { value: 0, text: 'Auto', note: '(32 px)' },
        modelValue: size.value,
        'onUpdate:modelValue': (next: number | null) => (size.value = next),
      }),
    { attachTo: document.body },
  );
  const field = wrapper.find<HTMLInputElement>('input');
  const write = async (text: string) => {
    field.element.value = text;
    await field.trigger('input');
    await field.trigger('blur');
  };
  expect(field.element.value).toBe('Auto');
  expect(field.attributes('aria-valuetext')).toBe('Auto (32 px)');
  expect(wrapper.find('.unit').text()).toBe('(32 px)');
  await field.trigger('keydown', { key: 'ArrowUp' });
  expect(size.value).toBe(16);
  expect(wrapper.find('.unit').text()).toBe('px');
  await write('auto');
  expect([size.value, field.element.value]).toEqual([0, 'Auto']);
  await write('0');
  expect([size.value, field.element.value]).toEqual([0, 'Auto']);
  await write('automatic');
  expect([size.value, field.element.value]).toEqual([0, 'automatic']);
  wrapper.unmount();
});

it('no longer holds up the form when it is gone', async () => {
  await type('');
  await input().trigger('blur');
  expect(ofForm()).toBe('Learning rate: Write a number.');
  shown.value = false;
  await mounted!.vm.$nextTick();
  await mounted!.vm.$nextTick();
  expect(ofForm()).toBe('');
});
