// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { h } from 'vue';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeBackbone } from '../../../main/cli/describe/backbone.ts';
import type { Assumed } from '../../../shared/domain/backbone.ts';
import type { Backbone } from '../../../shared/domain/library.ts';
import { ACTIVATIONS, POOLS, ROPES } from '../../../shared/domain/said-words.ts';
import { factInWords } from '../../../shared/models/family.ts';
import { setBridge } from '../../../renderer/bridge/index.ts';
import { LOCALES, setLocale } from '../../../renderer/i18n.ts';
import BackboneFound from '../../../renderer/views/backbones/BackboneFound.vue';
import BackbonePanel from '../../../renderer/views/backbones/BackbonePanel.vue';
import SaidFields from '../../../renderer/views/backbones/SaidFields.vue';
import { inWord, inWords } from '../../../renderer/views/backbones/architecture-words.ts';
import { RECOGNISED_BACKBONE } from '../../fixtures/recognised-backbone.ts';
import { FakeBridge } from './fake-bridge.ts';

const VALUES = [...ACTIVATIONS, ...POOLS, ...ROPES];
/** Whatever the weights of a model may leave open, each from its configuration. */
const ASSUMED: Assumed[] = (
  [
    ['activation', 'gelu'],
    ['pool', 'class'],
    ['rope', 'eva'],
    ['ropeTheta', 10_000],
    ['ropeReference', 16],
    ['poolPrefix', false],
    ['layerNormEpsilon', 1e-6],
  ] as const
).map(([what, value]) => ({ what, value, from: 'config.json' }));
const BACKBONE = {
  ...RECOGNISED_BACKBONE,
  id: 'bb-1',
  name: 'mosses',
  dtype: 'BF16',
  headsFrom: 'config.json',
  preprocessingFrom: 'config.json',
  assumed: ASSUMED,
  sha256: 'ab'.repeat(32),
  modifiedMs: 0,
  files: [],
  revision: null,
  createdAt: '2026-11-20T10:00:00.000Z',
} satisfies Backbone;

const shownInPanel = (): string =>
  mount(TooltipProvider, {
    slots: {
      default: () =>
        h(BackbonePanel, {
          item: { id: 'bb-1', backbone: BACKBONE, parameters: 1000, starter: false },
          menu: () => [],
        }),
    },
    global: { stubs: { KButton: true, KMenu: true } },
  }).text();
const shownWhenFound = (): string =>
  mount(BackboneFound, { props: { found: { ...BACKBONE, files: 1 } } }).text();
const shownByCommand = (): string =>
  describeBackbone(BACKBONE, { dim: (text) => text })
    .join('\n')
    .replaceAll(/ +/g, ' ');

beforeEach(() => {
  setBridge(new FakeBridge({ 'backbones.epochs': () => [] }));
  setActivePinia(createPinia());
  setLocale('en');
});

describe('what a backbone’s fields hold', () => {
  it.each(LOCALES)('is said in words, the same everywhere (%s)', (locale) => {
    setLocale(locale);
    for (const value of VALUES) {
      // "none" is an English word itself.
      if (value !== 'none') expect(inWord(value)).not.toBe(value);
      if (locale === 'en') expect(inWord(value)).toBe(factInWords(value));
    }
    const options = mount(SaidFields, { props: { modelValue: {}, assumed: ASSUMED } }).text();
    for (const shown of [shownInPanel(), shownWhenFound(), options]) {
      expect(shown.toLowerCase()).toContain(inWord('class').toLowerCase());
      expect(shown).not.toMatch(/false|0\.000001|\beva\b/);
    }
    for (const shown of [shownInPanel(), shownWhenFound()]) {
      expect(shown).toContain('bfloat16');
      expect(shown).toContain('1e-6');
    }
  });

  it('is said by the command line with the same words', () => {
    const shown = shownByCommand();
    expect(shown).toContain('activation GELU (from its config.json)');
    expect(shown).toContain('pooling class token (from its config.json)');
    expect(shown).toContain('RoPE base (theta) 10000 (from its config.json)');
    expect(shown).toContain('RoPE reference grid 16 (from its config.json)');
    expect(shown).toContain('100 B, bfloat16');
    expect(shownInPanel()).toContain('RoPE base (theta)');
    expect(shownWhenFound()).toContain('RoPE base (theta)');
  });

  it('of stages is joined as in their models’ names, and keeps what is not whole', () => {
    const swin = {
      family: 'swin',
      imageSize: 224,
      patchSize: 4,
      width: 96,
      depths: [2, 2, 6, 2],
      heads: [3, 6, 12, 24],
      window: 7,
      mlpRatio: 8 / 3,
      qkvBias: true,
      classes: 0,
      layerNormEpsilon: 1e-5,
    } as const;
    expect(inWords(swin)).toBe('Swin, 2-2-6-2 blocks, width 96, window 7, patch 4');
    expect(inWord(swin.mlpRatio)).toBe('2.667');
  });
});
