import { expect, it } from 'vitest';
import { withSaid } from '../../../../renderer/domain/said.ts';

it('what was said of a former pool or of former rotary positions is not said of others', () => {
  const said = { poolHeads: 4, poolPrefix: true, ropeTheta: 50, heads: 2 } as const;
  expect(withSaid(said, 'pool', 'mean')).toEqual({ heads: 2, ropeTheta: 50, pool: 'mean' });
  expect(withSaid(said, 'rope', 'none')).toEqual({
    ...{ heads: 2, poolHeads: 4, poolPrefix: true, rope: 'none' },
  });
  expect(withSaid(said, 'poolHeads', 8)).toEqual({ ...said, poolHeads: 8 });
});
