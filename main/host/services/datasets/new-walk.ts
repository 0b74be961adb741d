import type { SourceOptions } from '../../contract/datasets.ts';
import type { Watching } from '../../contract/watching.ts';
import { checkEncoding } from './text.ts';
import type { Walk } from './walk.ts';

/** A walk that counts folders until the first image is listed, then images. */
export function newWalk({
  signal,
  encoding,
  onProgress,
}: Pick<SourceOptions, 'encoding'> & Watching): Walk {
  if (encoding !== undefined) checkEncoding(encoding);
  let folders = 0;
  let files = 0;
  return {
    problems: [],
    seen: new Set(),
    signal,
    encoding,
    onFolder() {
      folders++;
      if (files === 0) onProgress?.({ phase: 'surveying', done: folders, total: 0 });
    },
    onFile: () => onProgress?.({ phase: 'listing', done: ++files, total: 0 }),
  };
}
