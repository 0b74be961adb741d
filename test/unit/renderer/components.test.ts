// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { h, nextTick } from 'vue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { setBridge } from '../../../renderer/bridge/index.ts';
import ConfirmDialog from '../../../renderer/frame/ConfirmDialog.vue';
import KError from '../../../renderer/components/KError.vue';
import KField from '../../../renderer/components/KField.vue';
import KSegmented from '../../../renderer/components/KSegmented.vue';
import type { Sorting } from '../../../renderer/components/table.ts';
import KTable from '../../../renderer/components/KTable.vue';
import WrittenModel from '../../../renderer/components/WrittenModel.vue';
import { setLocale } from '../../../renderer/i18n.ts';
import { useDialogs } from '../../../renderer/stores/dialogs.ts';
import { FakeBridge } from './fake-bridge.ts';

let mounted: VueWrapper | null = null;

beforeEach(() => {
  setBridge(new FakeBridge());
  setActivePinia(createPinia());
  setLocale('en');
});

afterEach(() => {
  mounted?.unmount();
  mounted = null;
  document.body.innerHTML = '';
});

describe('WrittenModel', () => {
  it.each([
    ['en', 'one pixel beside'],
    ['zh-CN', '偏移一个像素'],
  ] as const)('says in %s what users of the model must know', (locale, words) => {
    setLocale(locale);
    const info = { kind: 'browser', nativeDialogs: false, platform: 'linux' } as const;
    const asked = () => ({ ...info, canReveal: false, canMoveHome: false });
    setBridge(new FakeBridge({ 'shell.info': asked }));
    const props = { path: '/leaves', verification: null, notes: ['timm-crop'] as const };
    mounted = mount(WrittenModel, { props });
    expect(mounted.text()).toContain(words);
  });
});

describe('KTable', () => {
  interface Row {
    readonly id: string;
    readonly size: number;
  }
  const rows: Row[] = [
    { id: 'a', size: 1 },
    { id: 'b', size: 2 },
    { id: 'c', size: 3 },
  ];

  function table(props: Record<string, unknown> = {}) {
    const wrapper = mount(KTable<Row>, {
      attachTo: document.body,
      props: {
        label: 'Things',
        rows,
        rowKey: (row: Row) => row.id,
        columns: [
          { key: 'id', label: 'Name', sortable: true },
          { key: 'size', label: 'Size', numeric: true, sortable: true },
        ],
        openable: true,
        ...props,
      },
      slots: {
        id: ({ row }: { row: Row }) => h('span', row.id),
        size: ({ row }: { row: Row }) => h('button', { type: 'button' }, String(row.size)),
      },
    });
    mounted = wrapper;
    return wrapper;
  }

  function tabbed(wrapper: VueWrapper): string[] {
    return wrapper.findAll('tbody tr[tabindex="0"]').map((row) => row.text());
  }

  it('has one row in the order of Tab; arrows move it, and the focus', async () => {
    const wrapper = table();
    expect(tabbed(wrapper)).toEqual(['a1']);
    const [first] = wrapper.findAll('tbody tr');
    await first!.trigger('keydown', { key: 'ArrowDown' });
    await nextTick();
    expect(tabbed(wrapper)).toEqual(['b2']);
    expect(document.activeElement?.textContent).toBe('b2');
    await wrapper.findAll('tbody tr')[1]!.trigger('keydown', { key: 'End' });
    await nextTick();
    expect(document.activeElement?.textContent).toBe('c3');
  });

  it('opens a row by a click and by Enter, but not from a button inside it', async () => {
    const wrapper = table();
    const row = wrapper.findAll('tbody tr')[1]!;
    await row.find('span').trigger('click');
    await row.trigger('keydown', { key: 'Enter' });
    await row.find('button').trigger('click');
    await row.find('button').trigger('keydown', { key: 'Enter' });
    expect(wrapper.emitted('open')).toEqual([[rows[1]], [rows[1]]]);
  });

  it('sorts figures downwards at first, words upwards, and turns at the second press', async () => {
    const wrapper = table({
      sorting: null,
      'onUpdate:sorting': (sorting: Sorting | null) => void wrapper.setProps({ sorting }),
    });
    const [name, size] = wrapper.findAll('thead button');
    await size!.trigger('click');
    expect(wrapper.props('sorting')).toEqual({ key: 'size', down: true });
    expect(wrapper.findAll('th')[1]!.attributes('aria-sort')).toBe('descending');
    await size!.trigger('click');
    expect(wrapper.props('sorting')).toEqual({ key: 'size', down: false });
    await name!.trigger('click');
    expect(wrapper.props('sorting')).toEqual({ key: 'id', down: false });
    expect(wrapper.findAll('th')[1]!.attributes('aria-sort')).toBeUndefined();
  });

  it('keeps a row in the order of Tab when rows go away', async () => {
    const wrapper = table();
    await wrapper.findAll('tbody tr')[2]!.trigger('focus');
    await wrapper.setProps({ rows: rows.slice(0, 2) });
    expect(tabbed(wrapper)).toEqual(['b2']);
  });
});

describe('KError', () => {
  const error: ErrorReport = {
    code: 'not-readable',
    message: 'Cannot read leaf.jpg: permission denied.',
    hint: 'Check who may read it.',
    path: '/photos/leaf.jpg',
  };

  it('says what happened, to which file and what to do, and is told at once', () => {
    mounted = mount(KError, { props: { error } });
    expect(mounted.attributes('role')).toBe('alert');
    expect(mounted.text()).toContain('Cannot read leaf.jpg: permission denied.');
    expect(mounted.text()).toContain('/photos/leaf.jpg');
    expect(mounted.text()).toContain('Check who may read it.');
    expect(mounted.text()).not.toContain('not-readable');
  });

  it('tells the kind in Chinese and keeps the exact sentence among the details', async () => {
    setLocale('zh-CN');
    mounted = mount(KError, { props: { error } });
    expect(mounted.text()).toContain('文件无法读取。');
    expect(mounted.text()).not.toContain('permission denied');
    await mounted.find('.fold').trigger('click');
    expect(mounted.find('pre').text()).toContain('Cannot read leaf.jpg: permission denied.');
    expect(mounted.find('pre').text()).toContain('not-readable');
  });
});

describe('ConfirmDialog', () => {
  function button(name: string): HTMLButtonElement {
    const found = [...document.querySelectorAll('button')].find(
      (one) => one.textContent.trim() === name,
    );
    if (found === undefined) throw new Error(`No button ${name}`);
    return found;
  }

  it('goes on only after the name was typed, where that is asked', async () => {
    mounted = mount(ConfirmDialog, { attachTo: document.body });
    const answer = useDialogs().confirm({
      title: 'Delete gulls',
      body: 'For good.',
      action: 'Delete',
      danger: true,
      typed: 'gulls',
    });
    await nextTick();
    await nextTick();
    expect(button('Delete').disabled).toBe(true);
    const field = document.querySelector('input')!;
    field.value = 'gulls';
    field.dispatchEvent(new Event('input'));
    await nextTick();
    expect(button('Delete').disabled).toBe(false);
    button('Delete').click();
    expect(await answer).toBe(true);
  });

  it('answers no when it is cancelled', async () => {
    mounted = mount(ConfirmDialog, { attachTo: document.body });
    const answer = useDialogs().confirm({ title: 'Stop', body: '', action: 'Stop it' });
    await nextTick();
    await nextTick();
    button('Cancel').click();
    expect(await answer).toBe(false);
  });
});

describe('KField', () => {
  it('ties label, control and help together, and shows an error in place of the help', async () => {
    mounted = mount(KField, {
      props: { label: 'Rank', help: 'How many directions.' },
      slots: {
        default: ({ id, described }: { id: string; described: string | undefined }) =>
          h('input', { id, 'aria-describedby': described }),
      },
    });
    const input = mounted.find('input');
    expect(mounted.find('label').attributes('for')).toBe(input.attributes('id'));
    const text = mounted.find(`#${input.attributes('aria-describedby') ?? ''}`);
    expect(text.text()).toBe('How many directions.');
    await mounted.setProps({ error: 'At most 64.' });
    expect(text.text()).toBe('At most 64.');
  });
});

describe('KSegmented', () => {
  it('leaves the chosen one chosen when it is pressed again', async () => {
    const wrapper = mount(KSegmented<'a' | 'b'>, {
      props: {
        label: 'Which',
        options: [
          { value: 'a', label: 'A' },
          { value: 'b', label: 'B' },
        ],
        modelValue: 'a',
      },
    });
    mounted = wrapper;
    const [a, b] = wrapper.findAll('button');
    await a!.trigger('click');
    expect(wrapper.emitted('update:modelValue')).toBeUndefined();
    await b!.trigger('click');
    expect(wrapper.emitted('update:modelValue')).toEqual([['b']]);
  });
});
