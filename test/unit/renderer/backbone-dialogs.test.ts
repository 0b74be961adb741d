// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import type { FoundBackbone, HubOffer } from '../../../shared/domain/backbone-sources.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { BackbonePreview } from '../../../shared/domain/library.ts';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { setLocale } from '../../../renderer/i18n.ts';
import AddBackboneDialog from '../../../renderer/views/backbones/AddBackboneDialog.vue';
import FoundBackbonesDialog from '../../../renderer/views/backbones/FoundBackbonesDialog.vue';
import GetBackboneDialog from '../../../renderer/views/backbones/GetBackboneDialog.vue';
import { eventually } from '../../fixtures/eventually.ts';
import { RECOGNISED_BACKBONE } from '../../fixtures/recognised-backbone.ts';
import { TINY_VIT } from '../../fixtures/tiny-backbone.ts';
import { FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let mounted: VueWrapper | null = null;

beforeEach(() => {
  bridge = new FakeBridge({ 'tasks.dismiss': () => ({}) });
  setBridge(bridge);
  setActivePinia(createPinia());
  setLocale('en');
});

afterEach(() => {
  mounted?.unmount();
  mounted = null;
  document.body.innerHTML = '';
});

const said = (): string => document.querySelector('[role=dialog]')?.textContent ?? '';
const errors = (): (string | null)[] =>
  [...document.querySelectorAll('[role=alert] .what')].map(({ textContent }) => textContent);

function button(name: string): HTMLButtonElement {
  const found = [...document.querySelectorAll<HTMLButtonElement>('[role=dialog] button')].find(
    (one) => one.textContent.trim() === name || one.getAttribute('aria-label') === name,
  );
  if (found === undefined) throw new Error(`There is no button "${name}" in: ${said()}`);
  return found;
}

describe('adding a file', () => {
  const PREVIEW: BackbonePreview = { ...RECOGNISED_BACKBONE, files: 1 };

  function answerHeads(heads: string): void {
    const field = document.querySelector<HTMLInputElement>('input[role=spinbutton]');
    if (field === null) throw new Error(`Nothing asks for a number in: ${said()}`);
    field.value = heads;
    field.dispatchEvent(new Event('input'));
    field.dispatchEvent(new Event('change'));
  }

  it('goes on with the newest answer, whatever becomes of an older question', async () => {
    const older = Promise.withResolvers<BackbonePreview>();
    bridge.answers['backbones.preview'] = ({ said: { heads } }) => {
      if (heads === undefined) throw new KarstError('heads-unknown', 'No heads.');
      return heads === 5 ? older.promise : PREVIEW;
    };
    mounted = mount(AddBackboneDialog, {
      props: { path: PREVIEW.path },
      attachTo: document.body,
    });
    await eventually(() => expect(said()).toContain('How many attention heads'));
    answerHeads('5');
    // The question stays while its answer is looked at.
    await eventually(() => expect(bridge.inputsOf('backbones.preview')).toHaveLength(2));
    answerHeads('2');
    await eventually(() => expect(button('Add').disabled).toBe(false));
    older.reject(new KarstError('heads-unknown', 'The width is not divisible by 5.'));
    await new Promise(setImmediate);
    expect(errors()).toEqual([]);
    expect(button('Add').disabled).toBe(false);
  });
});

describe('adding what was found', () => {
  const found = (name: string): FoundBackbone => ({
    path: `/cache/${name}`,
    name,
    place: 'huggingface',
    bytes: 100,
    backboneId: null,
    architecture: TINY_VIT,
    error: null,
  });
  const task = (id: string, rest: Partial<Task>): Task => ({
    id,
    kind: 'backbone-add',
    subject: id,
    state: 'done',
    phase: 'starting',
    done: 0,
    total: 0,
    secondsLeft: null,
    hosts: [],
    result: null,
    error: null,
    startedAt: '2026-11-20T10:00:00.000Z',
    ...rest,
  });

  /** What becomes of the second model. */
  let state: 'failed' | 'cancelled' = 'failed';
  afterEach(() => {
    state = 'failed';
  });

  /** Opens the dialog on three models of which the second is not added, and adds those named. */
  async function add(...names: string[]): Promise<VueWrapper> {
    bridge.answers['backbones.find'] = () =>
      task('find', { result: { kind: 'found', found: ['first', 'second', 'third'].map(found) } });
    bridge.answers['backbones.add'] = ({ path }) =>
      path === '/cache/second'
        ? task(path, {
            state,
            error: {
              code: state === 'failed' ? 'file-damaged' : 'cancelled',
              message: '/cache/second is torn.',
              hint: 'Get it again.',
            },
          })
        : task(path, { result: { kind: 'backbone', backboneId: `id of ${path}` } });
    const dialog = mount(FoundBackbonesDialog, { attachTo: document.body });
    mounted = dialog;
    await eventually(() => expect(said()).toContain('third'));
    for (const name of names) button(`Add ${name}`).click();
    await eventually(() => button(`Add ${String(names.length)}`).click());
    return dialog;
  }

  it('goes on after one that fails, and says which and why', async () => {
    const dialog = await add('first', 'second', 'third');
    await eventually(() =>
      expect(said()).toContain('2 were added. One could not be added: the reason is beside it.'),
    );
    expect(bridge.inputsOf('backbones.add').map(({ path }) => path)).toEqual([
      '/cache/first',
      '/cache/second',
      '/cache/third',
    ]);
    expect(errors()).toEqual(['/cache/second is torn.']);
    // It stays chosen for another try; those that are added cannot be chosen again.
    expect(button('Add second').getAttribute('aria-checked')).toBe('true');
    expect([button('Add first').disabled, button('Add third').disabled]).toEqual([true, true]);
    expect(dialog.emitted('added')).toBeUndefined();
  });

  it('tells what was added before it was cancelled', async () => {
    state = 'cancelled';
    const dialog = await add('first', 'second', 'third');
    await eventually(() => expect(said()).toContain('One was added.'));
    expect(said()).not.toContain('could not be added');
    expect(bridge.inputsOf('backbones.add')).toHaveLength(2);
    expect(dialog.emitted('added')).toBeUndefined();
  });

  it('ends with the last when all are added', async () => {
    const dialog = await add('first', 'third');
    await eventually(() => expect(dialog.emitted('added')).toEqual([['id of /cache/third']]));
  });
});

describe('getting a model', () => {
  const offer = (revision: string): HubOffer => ({
    address: 'facebook/dinov2-small',
    revision,
    host: 'huggingface.co',
    files: [{ path: 'model.safetensors', bytes: 100 }],
    bytes: 100,
    missingBytes: 100,
    freeBytes: null,
    folder: '/cache',
    licence: 'apache-2.0',
    gated: false,
  });

  it('asks for the commit that was shown, and shows the newer one when there is one', async () => {
    const shown = ['a'.repeat(40), 'b'.repeat(40)];
    bridge.answers['backbones.catalogue'] = () => [];
    bridge.answers['backbones.epochs'] = () => [];
    bridge.answers['backbones.lookUp'] = () => offer(shown.shift() ?? '');
    bridge.answers['backbones.download'] = ({ revision }) => {
      throw new KarstError('hub-changed', `${revision} is not the newest.`);
    };
    mounted = mount(GetBackboneDialog, { attachTo: document.body });
    await eventually(() => expect(said()).toContain('Look it up'));
    const field = document.querySelector<HTMLInputElement>('[role=dialog] input');
    if (field === null) throw new Error('Nothing asks for a name.');
    field.value = 'facebook/dinov2-small';
    field.dispatchEvent(new Event('input'));
    await eventually(() => expect(button('Look it up').disabled).toBe(false));
    button('Look it up').click();
    await eventually(() => button('Download 100 B').click());
    await eventually(() => button('Look it up again').click());
    await eventually(() => expect(said()).toContain('b'.repeat(40)));
    expect(errors()).toEqual([]);
    expect(bridge.inputsOf('backbones.download')).toEqual([
      { name: 'facebook/dinov2-small', revision: 'a'.repeat(40) },
    ]);
  });
});
