import { describe, expect, it } from 'vitest';
import { isImage, waiting, type TriedImage } from '../../../renderer/domain/tried-image.ts';

describe('what is tried', () => {
  it.each([
    [{ name: 'a.png', type: 'image/png' }, true],
    [{ name: 'leaf', type: 'image/webp' }, true],
    [{ name: 'a.png', type: 'text/plain' }, false],
    [{ name: 'LEAF.JPG', type: '' }, true],
    [{ name: 'notes.txt', type: '' }, false],
  ])('%j: %s', (file, expected) => {
    expect(isImage(file)).toBe(expected);
  });

  it('loses its answer when it is asked about anew, and keeps what the host knows it by', () => {
    const answered: TriedImage = {
      id: 4,
      name: 'a.png',
      source: { kind: 'path', path: '/a.png' },
      media: 'u.1',
      state: 'answered',
      predictions: [{ label: 'oak', probability: 1 }],
      error: null,
    };
    expect(waiting(answered)).toEqual({ ...answered, state: 'waiting', predictions: [] });
  });
});
