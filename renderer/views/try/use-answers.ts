import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { PredictionAnswer } from '../../../shared/contract/window/adapters.ts';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { useBridge } from '../../bridge/index.ts';
import { toBase64 } from './base64.ts';
import { waiting, type Source, type TriedImage } from './tried-image.ts';

/** Pictures per request. */
const BATCH = 16;
/** For more than these, use the prediction of a folder. */
export const AT_MOST = 256;
const TOP = 5;

export interface Answers {
  /** Newest first. */
  readonly images: Readonly<ShallowRef<readonly TriedImage[]>>;
  /** A prediction is in progress. */
  readonly busy: Readonly<Ref<boolean>>;
  /** Why a whole batch failed; its pictures are still pending. */
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  readonly add: (sources: readonly { readonly name: string; readonly source: Source }[]) => void;
  /** Predicts the pending pictures. */
  readonly resume: () => Promise<void>;
  readonly clear: () => void;
}

/** Predicts pictures batch by batch; repeats all when another adapter is chosen. */
export function useAnswers(adapterId: () => string | null): Answers {
  const bridge = useBridge();
  const images = shallowRef<readonly TriedImage[]>([]);
  const busy = ref(false);
  const error = shallowRef<ErrorReport | null>(null);
  let nextId = 1;
  let left = false;

  function change(id: number, values: Partial<TriedImage>): void {
    images.value = images.value.map((image) => (image.id === id ? { ...image, ...values } : image));
  }

  /** The picture's name on the host; null if the upload failed, which is then its result. */
  async function handedOver(image: TriedImage): Promise<TriedImage | null> {
    if (image.source.kind === 'path' || image.media !== null) return image;
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

  async function ask(batch: readonly TriedImage[], asked: string): Promise<void> {
    const given: TriedImage[] = [];
    for (const image of batch) {
      const known = await handedOver(image);
      if (known !== null) given.push(known);
    }
    // The host answers for uploads first, then paths.
    const uploads = given.filter(({ source }) => source.kind === 'file');
    const files = given.filter(({ source }) => source.kind === 'path');
    if (given.length === 0) return;
    const { answers } = await bridge.call('predictions.make', {
      adapterId: asked,
      media: uploads.flatMap(({ media }) => media ?? []),
      paths: files.flatMap(({ source }) => (source.kind === 'path' ? [source.path] : [])),
      top: TOP,
    });
    // Another adapter has been chosen since: predict the same pictures with it.
    if (asked !== adapterId()) return;
    [...uploads, ...files].forEach((image, index) => {
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
        const asked = adapterId();
        const batch = images.value.filter(({ state }) => state === 'waiting').slice(0, BATCH);
        if (left || asked === null || batch.length === 0) return;
        await ask(batch, asked);
      }
    } catch (thrown) {
      error.value = toErrorReport(thrown);
    } finally {
      busy.value = false;
    }
  }

  function add(sources: readonly { readonly name: string; readonly source: Source }[]): void {
    const added = sources.map(({ name, source }) =>
      waiting({ id: nextId++, name, source, media: null }),
    );
    images.value = [...added.reverse(), ...images.value].slice(0, AT_MOST);
    void resume();
  }

  function clear(): void {
    images.value = [];
    error.value = null;
  }

  watch(adapterId, () => {
    images.value = images.value.map(waiting);
    void resume();
  });
  onScopeDispose(() => {
    left = true;
  });

  return { images, busy, error, add, resume, clear };
}

function answered(answer: PredictionAnswer, media: string | null): Partial<TriedImage> {
  return {
    media: answer.media ?? media,
    state: answer.error === null ? 'answered' : 'failed',
    predictions: answer.predictions,
    error: answer.error,
  };
}
