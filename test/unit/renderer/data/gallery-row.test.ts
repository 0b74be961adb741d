// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { nextTick, ref, shallowRef } from 'vue';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import GalleryRow from '../../../../renderer/views/dataset/GalleryRow.vue';
import type { Gallery } from '../../../../renderer/views/dataset/use-gallery.ts';
import { setLocale } from '../../../../renderer/i18n.ts';
import type { GalleryImage } from '../../../../shared/contract/window/datasets.ts';
import type { Dataset } from '../../../../shared/domain/library.ts';

const asked = vi.fn<(index: number) => void>();
/** Images of the gallery; replaced by a new array when a page arrives. */
const images = shallowRef<readonly GalleryImage[]>([]);
const gallery: Gallery = {
  total: ref(100),
  error: shallowRef(null),
  imageAt(index) {
    asked(index);
    return images.value[index] ?? null;
  },
  ensure: () => Promise.resolve(),
  show: () => Promise.resolve(),
  reload: () => Promise.resolve(),
};

function image(position: number, changes: Partial<GalleryImage> = {}): GalleryImage {
  const file = `${String(position)}.png`;
  return {
    ...{ position, file, media: `d.ds-1.${String(position)}`, width: 8, height: 8, bytes: 100 },
    ...{ label: 3 * (position % 2), split: 'train', state: 'ok', excluded: false, reason: null },
    ...changes,
  };
}

/** Two between them were merged. */
const classes = ['gull', 'tern'].map((name, i) => ({
  ...{ index: 3 * i, name, train: 50, val: 0, test: 0, excluded: 0, leftOut: false },
}));
const dataset: Dataset = {
  ...{ id: 'ds-1', name: 'birds', path: '/birds', layout: 'class-folders', classes, bytes: 10_000 },
  ...{ counts: { train: 100, val: 0, test: 0 }, excluded: 0, unusable: 0, duplicates: 0 },
  ...{
    valFraction: 0,
    testFraction: 0,
    seed: 0,
    givenSplits: [],
    hasFormerSplit: false,
    createdAt: '2026-01-01',
  },
};

let mounted: VueWrapper | null = null;

function row(current: number | null = null, chosen: readonly number[] = []): VueWrapper {
  const wrapper = mount(GalleryRow, {
    attachTo: document.body,
    props: {
      ...{ dataset, gallery, first: 4, count: 3, total: 100, cell: 112, pictureSide: 128 },
      ...{ top: 240, selection: { chosen: new Set(chosen), anchor: 0 }, current, passing: true },
    },
  });
  mounted = wrapper;
  return wrapper;
}

beforeEach(() => {
  setLocale('en');
  images.value = Array.from({ length: 10 }, (_, i) => image(i));
  asked.mockClear();
});
afterEach(() => {
  mounted?.unmount();
  mounted = null;
});

describe('a row of the gallery', () => {
  it('names its images at once and shows their pictures when it is not passed by any more', async () => {
    const wrapper = row(5, [6]);
    const cells = wrapper.findAll('[role=option]');
    expect(cells.map((cell) => cell.attributes('aria-posinset'))).toEqual(['5', '6', '7']);
    expect(cells.map((cell) => cell.attributes('tabindex'))).toEqual(['-1', '0', '-1']);
    expect(cells.map((cell) => cell.attributes('aria-selected'))).toEqual([
      'false',
      'false',
      'true',
    ]);
    expect(cells[0]?.attributes('aria-label')).toContain('4.png');
    const pictures = (): unknown[] => wrapper.findAll('img').map((img) => img.attributes('src'));
    expect(pictures()).toEqual([]);
    const all = [4, 5, 6].map((i) => `/media/d.ds-1.${String(i)}?size=128`);
    await wrapper.setProps({ passing: false });
    expect(pictures()).toEqual(all);
    await wrapper.setProps({ passing: true });
    expect(pictures()).toEqual(all);
  });

  it('names classes whose labels have gaps, and greys the images of one that is left out', async () => {
    const [gull, tern] = classes;
    const wrapper = row();
    await wrapper.setProps({
      dataset: { ...dataset, classes: [gull!, { ...tern!, leftOut: true }] },
    });
    const cells = wrapper.findAll('[role=option]');
    expect(cells.map((cell) => cell.attributes('aria-label'))).toEqual([
      expect.stringMatching(/gull/),
      expect.stringMatching(/tern.*Excluded/i),
      expect.stringMatching(/gull/),
    ]);
    expect(cells.map((cell) => cell.classes('away'))).toEqual([false, true, false]);
  });

  it('keeps its cells when the focus moves, and fills them when their images come', async () => {
    images.value = [];
    const wrapper = row();
    expect(wrapper.findAll('[aria-label="Loading"]')).toHaveLength(3);
    asked.mockClear();
    await wrapper.setProps({ current: 4 });
    expect(asked).not.toHaveBeenCalled();
    images.value = Array.from({ length: 10 }, (_, i) => image(i, { state: 'missing' }));
    await nextTick();
    expect(wrapper.findAll('.sign')).toHaveLength(3);
  });
});
