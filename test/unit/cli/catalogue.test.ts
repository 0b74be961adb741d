import { expect, it } from 'vitest';
import { describeCatalogue } from '../../../main/cli/describe/sources.ts';
import type { MeasuredEpoch } from '../../../shared/contract/window/backbone-sources.ts';
import { CATALOGUE } from '../../../shared/domain/backbone-catalogue.ts';

it('says of each model what the window says, and what an epoch took of those that are here', () => {
  const [tall, ...others] = CATALOGUE;
  if (tall === undefined) throw new Error('The catalogue is empty.');
  const epoch: MeasuredEpoch = {
    backboneId: 'bb-1',
    method: 'lora',
    images: 1,
    imageSize: 112,
    seconds: 12,
  };
  const lines = describeCatalogue(
    [
      { ...tall, backbone: 'bb-1', epoch },
      ...others.map((entry) => ({ ...entry, backbone: null, epoch: null })),
    ],
    { dim: (text) => text },
  );
  expect(lines[0]).toMatch(
    /name .*trained on .*good at .*parameters .*input .*download .*licen[cs]e .*commercial use .*an epoch here .*on the hub \(not tried\)/,
  );
  for (const entry of CATALOGUE) {
    const line = lines.find((one) => one.includes(entry.address)) ?? '';
    expect(line).toMatch(new RegExp(`${entry.licence}.* ${entry.commercial ? 'yes' : 'no'} `));
    expect(line).toContain(entry.trainedOn);
    expect(line).toContain(` ${entry.pixels} `);
  }
  expect(lines.filter((line) => line.includes('12 s (lora, 1 image of 112 px)'))).toHaveLength(1);
});
