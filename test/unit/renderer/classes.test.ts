// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { nextTick } from 'vue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { setLocale } from '../../../renderer/i18n.ts';
import { useUndo } from '../../../renderer/stores/undo.ts';
import ClassNotes from '../../../renderer/views/evaluation/ClassNotes.vue';
import AdapterClassesDialog from '../../../renderer/views/library/AdapterClassesDialog.vue';
import type { ClassNote } from '../../../shared/domain/class-history.ts';
import type { Adapter } from '../../../shared/domain/library.ts';
import { FakeBridge } from './fake-bridge.ts';

const adapter: Adapter = {
  ...{ id: 'ad-1', name: 'first', folder: '/adapters/ad-1', method: 'karst', backboneId: null },
  ...{
    backboneName: 'vit',
    backboneSha256: '',
    runId: null,
    parentId: null,
    classes: ['cat', 'dog', 'bird'],
  },
  ...{ adapterParameters: 1, headParameters: 1, trainableParameters: 2, bytes: 1, top1: null },
  ...{ loss: null, tags: [], createdAt: '2026-11-22T10:00:00.000Z' },
};

let mounted: VueWrapper | null = null;
let bridge: FakeBridge;

beforeEach(() => {
  bridge = new FakeBridge({ 'adapters.renameClasses': () => adapter });
  setBridge(bridge);
  setActivePinia(createPinia());
  setLocale('en');
});
afterEach(() => {
  mounted?.unmount();
  mounted = null;
  document.body.innerHTML = '';
});

describe('what an evaluation says of classes', () => {
  const notes: ClassNote[] = [
    { kind: 'renamed', former: 'cat', name: 'Cats' },
    { kind: 'merged', former: ['tabby'], name: 'cat' },
    { kind: 'merged', former: ['a', 'b'], name: 'c' },
    { kind: 'left-out', name: 'dog' },
    { kind: 'unknown', name: 'horse', images: 1 },
    { kind: 'unknown', name: 'cow', images: 12 },
  ];
  const sentences = (): string[] => {
    mounted = mount(ClassNotes, { props: { notes } });
    return mounted.findAll('li').map((item) => item.text());
  };

  it('is a sentence each', () => {
    expect(sentences()).toEqual([
      '“cat” is now “Cats”.',
      '“tabby” was merged into “cat”: their probabilities are summed.',
      '“a” and “b” were merged into “c”: their probabilities are summed.',
      '“dog” is left out: its images are not evaluated.',
      'One image of “horse” is not evaluated: the adapter does not know this class.',
      '12 images of “cow” are not evaluated: the adapter does not know this class.',
    ]);
  });

  it('is said in Chinese as well, and nothing where nothing has changed', () => {
    setLocale('zh-CN');
    expect(sentences()[2]).toBe('“a”和“b”已合并到“c”：它们的概率相加。');
    mounted = mount(ClassNotes, { props: { notes: [] } });
    expect(mounted.text()).toBe('');
  });
});

describe('the dialog that renames classes of an adapter', () => {
  const button = (name: string): HTMLButtonElement =>
    [...document.querySelectorAll('button')].find((one) => one.textContent.trim() === name)!;

  async function type(name: string, text: string): Promise<void> {
    const label = [...document.querySelectorAll('label')].find(
      (one) => one.textContent.trim() === name,
    );
    const field = document.getElementById(label?.htmlFor ?? '') as HTMLInputElement;
    field.value = text;
    field.dispatchEvent(new Event('input'));
    await nextTick();
  }

  it('sends what is other, waits for whole names, and can be undone', async () => {
    mounted = mount(AdapterClassesDialog, { props: { adapter }, attachTo: document.body });
    await flushPromises();
    expect(button('Rename').disabled).toBe(true);
    await type('cat', 'dog');
    await type('dog', ' ');
    expect(button('Rename').disabled).toBe(true);
    await type('dog', ' cat ');
    button('Rename').click();
    await flushPromises();
    await useUndo().undoLast();
    const swap = [
      { from: 'cat', to: 'dog' },
      { from: 'dog', to: 'cat' },
    ];
    expect(bridge.inputsOf('adapters.renameClasses')).toEqual([
      { id: 'ad-1', names: swap },
      { id: 'ad-1', names: swap.map(({ from, to }) => ({ from: to, to: from })) },
    ]);
    expect(mounted.emitted('close')).toHaveLength(1);
  });
});
