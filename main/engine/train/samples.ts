import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import type { Prediction, SampleRecord } from '../../../shared/domain/metrics.ts';
import { likeliest, type TaskSpec } from '../../../shared/tasks/task.ts';

/** Images whose predictions are reported after each validation, and predictions of each. */
const SAMPLES = 8;
const ANSWERS = 3;

/**
 * Selects `count` validation images round-robin over the classes (by first label); with more
 * classes than that, evenly spaced classes. In the order of the images.
 */
export function chooseSamples(
  images: readonly Pick<ManifestImage, 'labels'>[],
  count = SAMPLES,
): number[] {
  const byClass = new Map<number, number[]>();
  images.forEach(({ labels: [label = -1] }, index) => {
    const own = byClass.get(label);
    if (own === undefined) byClass.set(label, [index]);
    else own.push(index);
  });
  const classes = [...byClass.entries()].sort(([a], [b]) => a - b).map(([, own]) => own);
  const shown =
    classes.length <= count
      ? classes
      : Array.from({ length: count }, (_, i) => classes[Math.floor((i * classes.length) / count)]!);
  const chosen: number[] = [];
  const most = Math.max(0, ...shown.map((own) => own.length));
  for (let round = 0; round < most && chosen.length < count; round++) {
    for (const own of shown) {
      const index = own[round];
      if (index !== undefined && chosen.length < count) chosen.push(index);
    }
  }
  return chosen.sort((a, b) => a - b);
}

/** Collects the predictions on the chosen images during a validation. */
export class ValidationSamples {
  readonly #task: TaskSpec;
  readonly #images: readonly ManifestImage[];
  readonly #classes: readonly string[];
  readonly #chosen: readonly number[];
  readonly #answers = new Map<number, Prediction[]>();

  constructor(task: TaskSpec, images: readonly ManifestImage[], classes: readonly string[]) {
    this.#task = task;
    this.#images = images;
    this.#classes = classes;
    this.#chosen = chooseSamples(images);
  }

  take(index: number, logits: Float32Array): void {
    if (this.#chosen.includes(index))
      this.#answers.set(index, likeliest(this.#task, logits, this.#classes, ANSWERS));
  }

  /** The predictions since the last call, without unreadable images. */
  record(step: number, epoch: number): SampleRecord {
    const images = this.#chosen.flatMap((index) => {
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
