import { expect, it } from 'vitest';
import { differenceOf } from '../../../main/host/services/architecture-difference.ts';

const SWIN = { family: 'swin', width: 96, depths: [2, 2, 6, 2], window: { size: 7 } };

it('is none between fields of the same content, lists and objects among them', () => {
  expect(differenceOf(structuredClone(SWIN), SWIN)).toBeNull();
});

it.each([
  [
    { ...SWIN, depths: [2, 2, 18, 2] },
    { key: 'depths', said: '[2,2,18,2]', is: '[2,2,6,2]' },
  ],
  [
    { ...SWIN, width: 128 },
    { key: 'width', said: '128', is: '96' },
  ],
  [
    { ...SWIN, window: { size: 8 } },
    { key: 'window', said: '{"size":8}', is: '{"size":7}' },
  ],
  // What has the default is left out of the network.
  [
    { ...SWIN, pool: 'mean' },
    { key: 'pool', said: '"mean"', is: 'nothing' },
  ],
  [
    { family: 'swin', width: 96, depths: [2, 2, 6, 2] },
    { key: 'window', said: 'nothing', is: '{"size":7}' },
  ],
])('is told where there is one: %j', (said, difference) => {
  expect(differenceOf(said, SWIN)).toEqual(difference);
});
