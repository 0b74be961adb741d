import { expect, it } from 'vitest';
import { withResults } from '../../bench/kept.ts';
import { machineLine, processorKey, type Machine } from '../../bench/machine.ts';

const machine: Machine = {
  ...{ processor: 'P', model: 'family 25 model 1', isa: 'avx512', heldTo: null },
  ...{ cores: 2, memoryGiB: 24, node: '26.0.0', platform: 'linux x64' },
};

it('names a processor by its instruction set, and says where a better one was not used', () => {
  const avx2 = { ...machine, heldTo: 'avx2' } as const;
  expect(processorKey(machine)).toBe('P (family 25 model 1) with AVX-512');
  expect(processorKey(avx2)).toBe('held to AVX2 on P (family 25 model 1)');
  // A processor that has no more is not held from anything.
  expect(processorKey({ ...avx2, isa: 'avx2', model: null })).toBe('P with AVX2');
  expect(processorKey({ ...machine, isa: null }, 'H200')).toBe('H200, P (family 25 model 1)');
  expect(machineLine(avx2)).toBe(
    'Measured held to AVX2 on P (family 25 model 1), 2 cores, 24 GiB, linux x64.',
  );
});

it('keeps the results of other processors, and the other parts of the same one', () => {
  const card = null;
  const before = withResults({}, { machine, card }, { rows: [1], work: [2], images: [3] });
  const other = { ...machine, heldTo: 'avx2' } as const;
  const after = withResults(before, { machine: other, card }, { rows: [4] });
  const again = withResults(after, { machine, card }, { images: [5] });
  expect(again).toEqual({
    [processorKey(machine)]: { machine, card, rows: [1], work: [2], images: [5] },
    [processorKey(other)]: { machine: other, card, rows: [4] },
  });
});
