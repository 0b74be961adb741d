import type { CheckpointSource } from '../source.ts';
import { HUGGING_FACE } from './hugging-face.ts';
import { NPZ_SOURCES } from './npz.ts';
import { OPEN_CLIP } from './open-clip.ts';
import { ORIGINALS } from './originals.ts';
import { TIMM, TIMM_SWIN } from './timm.ts';

/** Every source, in the order in which a file is compared with them: the special before the plain. */
export const SOURCES: readonly CheckpointSource[] = [
  ...HUGGING_FACE,
  OPEN_CLIP,
  ...NPZ_SOURCES,
  ...TIMM_SWIN,
  ...ORIGINALS,
  ...TIMM,
];
