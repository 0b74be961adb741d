import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { PredictionAnswer } from '../../shared/contract/window/adapters.ts';
import type { Predictor } from '../../shared/domain/predictor.ts';
import { toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { useBridge } from '../bridge/index.ts';
import { toBase64 } from '../domain/base64.ts';
import { waiting, type NamedSource, type TriedImage } from '../domain/tried-image.ts';

/** Pictures per request. */
const BATCH = 16;
/** For more than these, use the prediction of a folder. */
export const AT_MOST = 256;
const TOP = 5;

/**
 * Pictures tried, with their predictions, batch by batch; they stay when the view is left. Choosing
 * another model repeats all.
 */
export const useTried = defineStore('tried', () => {
  const bridge = useBridge();
  /** What predicts. */
  const model = shallowRef<Predictor | null>(null);
  /** Newest first. */
  const images = shallowRef<readonly TriedImage[]>([]);
  /** A prediction is in progress. */
  const busy = ref(false);
  /** Why a whole batch failed; its pictures are still pending. */
  const error = shallowRef<ErrorReport | null>(null);
  let nextId = 1;

  function change(id: number, values: Partial<TriedImage>): void {
    images.value = images.value.map((image) => (image.id === id ? { ...image, ...values } : image));
  }

  /** The picture's name on the host; null if the upload failed, which is then its result. */
  async function handedOver(image: TriedImage): Promise<TriedImage | null> {
    if (image.source.kind !== 'file' || image.media !== null) return image;
    try {
      const base64 = await toBase64(image.source.file);
      const { media } = await bridge.call('uploads.add', { name: image.name, base64 });
      change(image.id, { media });
      return { ...image, media };
    } catch (thrown) {
      change(image.id, { state: 'failed', error: toErrorReport(thrown) });
      return null;
    }
  }

  async function ask(batch: readonly TriedImage[], asked: Predictor): Promise<void> {
    const given: TriedImage[] = [];
    for (const image of batch) {
      const ready = await handedOver(image);
      if (ready !== null) given.push(ready);
    }
    // The host answers first for pictures that it knows by name, then for paths.
    const known = given.filter(({ source }) => source.kind !== 'path');
    const files = given.filter(({ source }) => source.kind === 'path');
    if (given.length === 0) return;
    const { answers } = await bridge.call('predictions.make', {
      model: asked,
      media: known.flatMap(({ media }) => media ?? []),
      paths: files.flatMap(({ source }) => (source.kind === 'path' ? [source.path] : [])),
      top: TOP,
    });
    // Another model has been chosen since: predict the same pictures with it.
    if (asked.id !== model.value?.id) return;
    [...known, ...files].forEach((image, index) => {
      const answer = answers[index];
      if (answer !== undefined) change(image.id, answered(answer, image.media));
    });
  }

  async function resume(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    try {
      for (;;) {
        const asked = model.value;
        const batch = images.value.filter(({ state }) => state === 'waiting').slice(0, BATCH);
        if (asked === null || batch.length === 0) return;
        await ask(batch, asked);
      }
    } catch (thrown) {
      error.value = toErrorReport(thrown);
    } finally {
      busy.value = false;
    }
  }

  function add(sources: readonly NamedSource[]): void {
    const added = sources.map(({ name, source }) => {
      const media = source.kind === 'dataset' ? source.media : null;
      return waiting({ id: nextId++, name, source, media });
    });
    images.value = [...added.reverse(), ...images.value].slice(0, AT_MOST);
    void resume();
  }

  function clear(): void {
    images.value = [];
    error.value = null;
  }

  function use(wanted: Predictor | null): void {
    if (wanted?.id === model.value?.id) return;
    model.value = wanted;
    images.value = images.value.map(waiting);
    void resume();
  }

  return { model, images, busy, error, add, resume, clear, use };
});

function answered(answer: PredictionAnswer, media: string | null): Partial<TriedImage> {
  return {
    media: answer.media ?? media,
    state: answer.error === null ? 'answered' : 'failed',
    predictions: answer.predictions,
    error: answer.error,
  };
}
