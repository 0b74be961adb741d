import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../main/engine/random.ts';
import { mutated, MUTATIONS } from '../../fixtures/faults/mutate.ts';

const VALID = Buffer.from(JSON.stringify({ name: 'tiny', sizes: [1, 2, 3], nested: { on: true } }));

describe('mutated files', () => {
  it('are the same for the same seed, reader and number, and others otherwise', () => {
    const made = (seed: number, reader: string) =>
      Array.from({ length: 50 }, (_, i) => mutated(VALID, seed, reader, i).bytes.toString('hex'));
    expect(made(1, 'a')).toEqual(made(1, 'a'));
    expect(made(1, 'a')).not.toEqual(made(2, 'a'));
    expect(made(1, 'a')).not.toEqual(made(1, 'b'));
  });

  it('leave the valid file as it is', () => {
    const before = VALID.toString('hex');
    for (let i = 0; i < 200; i++) mutated(VALID, 3, 'a', i);
    expect(VALID.toString('hex')).toBe(before);
  });

  it.each(Object.entries(MUTATIONS))(
    'by %s differ from what they were, nearly always',
    (name, mutate) => {
      let changed = 0;
      for (let i = 0; i < 100; i++)
        if (!mutate(VALID, randomStream(i, name)).equals(VALID)) changed += 1;
      expect(changed).toBeGreaterThan(80);
    },
  );

  it.each(Object.entries(MUTATIONS))(
    'by %s can be made of empty and of one byte',
    (name, mutate) => {
      for (let i = 0; i < 50; i++)
        for (const bytes of [Buffer.alloc(0), Buffer.alloc(1)])
          expect(mutate(bytes, randomStream(i, name))).toBeInstanceOf(Buffer);
    },
  );
});
