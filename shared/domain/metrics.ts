/**
 * Evaluation of a classifier on n images. Fractions, not per cent. Where an image may have several labels, an answer is right
 * when it is one of them, and `confusion` is empty.
 */
export interface Evaluation {
  readonly n: number;
  readonly top1: number;
  readonly top5: number;
  /** Mean of the task's loss; cross-entropy in nats. */
  readonly loss: number;
  readonly macroF1: number;
  readonly perClass: readonly ClassMetrics[];
  /** `confusion[truth][predicted]`, counts. */
  readonly confusion: readonly (readonly number[])[];
  /** What the task measures besides, by its own names; left out by single-label classification. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface ClassMetrics {
  readonly label: string;
  readonly n: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** One line of a run's `metrics.jsonl`. `step` counts optimizer updates from 1 and never restarts. */
export type MetricRecord =
  | {
      readonly kind: 'train';
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly top1: number;
      readonly learningRate: number;
      readonly gradientNorm: number;
      readonly imagesPerSecond: number;
      /** Share of the step's wall time spent waiting for images, 0..1. */
      readonly waiting: number;
    }
  | {
      readonly kind: 'validation';
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly top1: number;
      readonly best: boolean;
      /** As in `Evaluation`. */
      readonly metrics?: Readonly<Record<string, number>>;
    };

export interface Prediction {
  readonly label: string;
  readonly probability: number;
}

/** One line of a run's `samples.jsonl`: the answers on the same few validation images after a validation. */
export interface SampleRecord {
  readonly step: number;
  readonly epoch: number;
  readonly images: readonly {
    readonly path: string;
    readonly truth: string;
    /** The likeliest few, likeliest first. */
    readonly predictions: readonly Prediction[];
  }[];
}

/** How far two forms of one model are apart on the same images. */
export interface Verification {
  readonly images: number;
  readonly maxAbsDiff: number;
  readonly tolerance: number;
  /** Share of images on which both give the same answer, 0..1. */
  readonly top1Agreement: number;
}
