import { familyOf, parameterCount } from '../../../shared/models/registry.ts';
import type { Evaluation } from '../../../shared/domain/metrics.ts';
import type { Run } from '../../../shared/domain/library.ts';
import { formatCount, formatParameters, formatPercent } from '../output/format.ts';
import { STARTER_SHAPE } from './recipe.ts';

/** `README.md` of the starter backbone: its data, training and accuracy. */
export function starterCard(run: Run, images: string, test: Evaluation | null): string {
  const a = STARTER_SHAPE.architecture;
  const { config, counts } = run;
  const { schedule, optimizer, augmentation } = config;
  const classes = run.classes.length;
  return `---
library_name: timm
pipeline_tag: image-classification
tags:
- image-classification
- vit
metrics:
- accuracy
---

# The starter backbone

A small vision transformer under timm's names, trained from scratch by KARST Studio's own engine. It is there so that
the studio can be tried without a backbone of one's own; for real work, take a pre-trained one.

- Shape: ${a.width} wide, ${familyOf(a).blocks(a)} blocks, ${String(a.heads)} heads, patches of ${a.patchSize} on ${a.imageSize} pixels, ${formatParameters(parameterCount({ ...a, classes }))} parameters with its head of ${classes} classes (${run.classes.join(', ')})
- Trained on: ${images}, ${formatCount(counts.train)} images, ${formatCount(counts.val)} more to choose the best epoch
- Recipe: ${schedule.epochs} epochs, batches of ${config.batchSize}, Muon for the matrices of the blocks with learning rate ${optimizer.muonLearningRate} and AdamW for the rest with ${optimizer.learningRate} (warm-up over ${schedule.warmupEpochs} epochs, then cosine), weight decay ${optimizer.weightDecay}, label smoothing ${config.labelSmoothing}, ${formatPercent(config.patchDrop)} of the patches dropped except in the last fifth of the epochs, translations by up to ${augmentation.padCrop} pixels, flips, colour jitter ${augmentation.colorJitter}, seed ${config.seed}
- Made by: \`karst starter --images FOLDER-OR-ZIP\`
${test === null ? '' : `- Test accuracy: ${formatPercent(test.top1)} of ${formatCount(test.n)} test images (loss ${test.loss.toFixed(3)})\n`}`;
}
