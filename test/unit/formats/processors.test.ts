import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  PIL_FILTERS,
  PROCESSORS,
  type Processor,
} from '../../../main/formats/preprocessing/processors.ts';

/** What transformers says: made by make_preprocessing.py. */
const said = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/preprocessing/processors.json'), 'utf8'),
) as Record<string, Record<string, unknown>>;

describe('the image processors of transformers', () => {
  it('are all in the list', () => {
    expect(Object.keys(PROCESSORS).sort()).toEqual(Object.keys(said).sort());
  });

  it.each(Object.entries<Processor>(PROCESSORS))('have these defaults: %s', (kind, processor) => {
    const wanted = said[kind]!;
    expect(processor.size).toEqual(wanted['size']);
    expect(processor.byShortestEdge).toBe(wanted['lone_size'] === 'shortest_edge');
    expect(PIL_FILTERS.indexOf(processor.filter)).toBe(wanted['resample']);
    expect(processor.centerCrop).toBe(wanted['do_center_crop'] ?? false);
    if (processor.centerCrop)
      expect(wanted['crop_size']).toEqual({
        height: processor.cropSize,
        width: processor.cropSize,
      });
    expect(processor.mean).toEqual(wanted['image_mean']);
    expect(processor.std).toEqual(wanted['image_std']);
  });
});
