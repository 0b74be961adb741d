import { describe, expect, it } from 'vitest';
import type { Session } from '../../../main/backends/session.ts';
import { ModelState } from '../../../main/engine/programs/model-state.ts';
import { parameterGroups } from '../../../main/engine/programs/parameters.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';

const BIAS: TensorSpec = {
  name: 'head.bias',
  shape: [2],
  role: 'head',
  init: { kind: 'constant', value: 0 },
};
const groups = parameterGroups([BIAS], 'matrices');
const trained = new Map([['head.bias', Float32Array.of(1, 2)]]);

/** A session that gives these vectors for whatever is read, and keeps what is written. */
function sessionOf(vectors: readonly Float32Array[]) {
  const written = new Map<string, Float32Array>();
  const session = {
    zeros: () => new Float32Array(2),
    write: (values: ReadonlyMap<string, Float32Array>) => {
      for (const [name, value] of values) written.set(name, value);
      return Promise.resolve();
    },
    read: () => Promise.resolve(vectors),
  };
  return { written, state: new ModelState(session as unknown as Session, groups) };
}

describe('the state of a model', () => {
  it('begins with moments of zeros, or with those of a checkpoint', async () => {
    const { written, state } = sessionOf([]);
    await state.set(trained, null);
    expect(written.get('moment1.undecayed')).toEqual(Float32Array.of(0, 0));
    const moments = ['moment1', 'moment2'].map((role, i): [string, Float32Array] => [
      `head.bias.${role}`,
      Float32Array.of(i, 7),
    ]);
    await state.set(trained, new Map(moments));
    expect(written.get('trained.undecayed')).toEqual(Float32Array.of(1, 2));
    expect(written.get('moment2.undecayed')).toEqual(Float32Array.of(1, 7));
  });

  it('takes no zeros for a moment that a checkpoint lacks', async () => {
    const { state } = sessionOf([]);
    const one = new Map([['head.bias.moment1', Float32Array.of(0, 0)]]);
    await expect(state.set(trained, one)).rejects.toThrow('tensor "head.bias.moment2" is missing');
  });

  it('says which variable is not there when it is read', async () => {
    const { state } = sessionOf([Float32Array.of(3, 4)]);
    expect((await state.trained()).get('head.bias')?.values).toEqual(Float32Array.of(3, 4));
    await expect(state.optimizer()).rejects.toThrow('tensor "moment2.undecayed" is missing');
  });
});
