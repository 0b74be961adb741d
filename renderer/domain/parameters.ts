import type { VitArchitecture } from '../../shared/domain/architecture.ts';
import { karstTensorShapes, vitTensorShapes } from '../../shared/domain/karst-shapes.ts';
import type { TrainingConfig } from '../../shared/domain/training.ts';

function total(shapes: ReadonlyMap<string, readonly number[]>): number {
  let sum = 0;
  for (const shape of shapes.values()) sum += shape.reduce((product, side) => product * side, 1);
  return sum;
}

/** How many numbers a method trains on a backbone: what lies beside the head, and the head for so many classes. */
export function trainableParameters(
  architecture: VitArchitecture,
  config: Pick<TrainingConfig, 'method' | 'karst' | 'imageSize'>,
  classes: number,
): { adapter: number; head: number } {
  const head = (architecture.width + 1) * classes;
  switch (config.method) {
    case 'karst':
      return { adapter: total(karstTensorShapes(architecture, config.karst)), head };
    case 'linear':
      return { adapter: 0, head };
    case 'full': {
      const imageSize = config.imageSize || architecture.imageSize;
      return { adapter: total(vitTensorShapes(architecture, { classes: 0, imageSize })), head };
    }
  }
}
