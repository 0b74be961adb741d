import { randomStream, shuffledIndices } from '../random.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import type { Prediction, SampleRecord } from '../../../shared/domain/metrics.ts';
import { likeliest, type TaskSpec } from '../../../shared/tasks/task.ts';

/**
 * Number of images whose predictions are reported after each validation, and of predictions per
 * image.
 */
const SAMPLES = 64;
const ANSWERS = 3;

/**
 * Draws `count` validation images at random, stratified by class (first label): each class gets a
 * proportional share, so that the fraction of correct predictions estimates the accuracy. Sorted by
 * class.
 */
export function chooseSamples(
  images: readonly Pick<ManifestImage, 'labels'>[],
  seed: number,
  count = SAMPLES,
): number[] {
  const stream = randomStream(seed, 'samples');
  // Shuffled first, so that the stable sort leaves a random order within each class.
  const sorted = [...shuffledIndices(images.length, stream)].sort(
    (a, b) => (images[a]?.labels[0] ?? -1) - (images[b]?.labels[0] ?? -1),
  );
  const drawn = Math.min(count, sorted.length);
  const offset = stream.uniform();
  return Array.from(
    { length: drawn },
    (_, i) => sorted[Math.floor(((i + offset) * sorted.length) / drawn)]!,
  );
}

/** Collects the predictions on the chosen images during a validation. */
export class ValidationSamples {
  readonly #task: TaskSpec;
  readonly #images: readonly ManifestImage[];
  readonly #classes: readonly string[];
  readonly #chosen: ReadonlySet<number>;
  readonly #answers = new Map<number, Prediction[]>();

  constructor(
    task: TaskSpec,
    images: readonly ManifestImage[],
    classes: readonly string[],
    seed: number,
  ) {
    this.#task = task;
    this.#images = images;
    this.#classes = classes;
    this.#chosen = new Set(chooseSamples(images, seed));
  }

  take(index: number, logits: Float32Array): void {
    if (this.#chosen.has(index))
      this.#answers.set(index, likeliest(this.#task, logits, this.#classes, ANSWERS));
  }

  /** Returns the predictions collected since the last call; unreadable images have none. */
  record(step: number, epoch: number): SampleRecord {
    const images = [...this.#chosen].flatMap((index) => {
      const image = this.#images[index];
      const predictions = this.#answers.get(index);
      if (image === undefined || predictions === undefined) return [];
      const truth = image.labels.map((label) => this.#classes[label] ?? '').join(', ');
      return [{ path: image.path, truth, predictions }];
    });
    this.#answers.clear();
    return { step, epoch, images };
  }
}
