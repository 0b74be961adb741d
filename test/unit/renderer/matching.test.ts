import { expect, it } from 'vitest';
import { matching, type CommandGroup } from '../../../renderer/frame/matching.ts';

const ICON = {};
const command = (label: string, also?: string) => ({
  ...{ id: label, label, icon: ICON, run: () => undefined },
  ...(also === undefined ? {} : { also }),
});
const GROUPS: readonly CommandGroup[] = [
  { label: 'Actions', commands: [command('Help', 'guide manual'), command('New project')] },
  { label: 'On adapters', searched: true, commands: [command('Merge birds'), command('Birds')] },
];
const found = (query: string) =>
  matching(GROUPS, query).map(({ label, commands }) => [label, commands.map((one) => one.label)]);

it('shows what is too much only once something is searched for', () => {
  expect(found('')).toEqual([['Actions', ['Help', 'New project']]]);
  expect(found('birds')).toEqual([['On adapters', ['Birds', 'Merge birds']]]);
});

it('needs every word, and knows other words for the same', () => {
  expect(found('birds merge')).toEqual([['On adapters', ['Merge birds']]]);
  expect(found('MANUAL')).toEqual([['Actions', ['Help']]]);
  expect(found('birds manual')).toEqual([]);
});
