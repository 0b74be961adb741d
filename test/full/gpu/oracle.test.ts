import { afterAll, describe, it } from 'vitest';
import { WebGpuSession } from '../../../main/backends/webgpu/session.ts';
import { softwareCard } from '../../fixtures/engine/software-card.ts';
import { testSession } from '../../unit/engine/oracle.ts';

const card = await softwareCard();

afterAll(() => card?.close());

if (card === null) describe.skip('the oracle on a graphics card', () => it('runs'));
else
  testSession({
    name: card.name,
    prepare: () => Promise.resolve(true),
    execute: (program) => new WebGpuSession(program, card),
  });
