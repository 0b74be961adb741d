import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PARTS, chooseParts, commandOf, partOptions, usage, type Part } from '../../parts.mjs';

const parts: Record<string, Part> = {
  slow: { does: 'takes long', takes: [] },
  drawn: { does: 'draws', takes: ['seed', 'minutes'] },
  measured: { does: 'measures', takes: ['data', 'backbone'], needs: ['data'] },
};

function chosen(...args: string[]) {
  const choice = chooseParts(args, parts);
  if (typeof choice === 'string') throw new Error(choice);
  return choice;
}

describe('chooseParts', () => {
  it('leaves the long parts to --full', () => {
    const short = [
      'types',
      'lint',
      'cycles',
      'unused',
      'format',
      'unit',
      'integration',
      'e2e',
      'electron',
    ];
    expect(chosen().names).toEqual(short);
    expect(chosen('--full').names).toEqual([...short, 'slow', 'drawn', 'measured']);
  });

  it('takes parts by name, with and without --full, in their own order', () => {
    expect(chosen('--full', '--only', 'drawn').names).toEqual(['drawn']);
    expect(chosen('--only', 'drawn,unit,slow').names).toEqual(['unit', 'slow', 'drawn']);
  });

  it('hands options to the tests of a part, with a seed that is drawn unless given', () => {
    const { environment } = chosen('--only', 'drawn', '--seed', '7', '--minutes', '0.5');
    expect(partOptions(environment)).toMatchObject({ seed: 7, minutes: 0.5, data: null });
    const drawn = partOptions(chosen('--only', 'drawn').environment);
    expect(drawn.minutes).toBe(10);
    expect(drawn.seed).toBeGreaterThanOrEqual(0);
    expect(Number.isSafeInteger(drawn.seed)).toBe(true);
  });

  it('refuses a part without the files that it measures on, and lets the others run', () => {
    const choice = chosen('--full');
    expect(choice.refused).toEqual({
      measured: 'The part measured measures on files of yours: give it --data DIR.',
    });
    const given = chosen('--only', 'measured', '--data', '.');
    expect(given.refused).toEqual({});
    expect(partOptions(given.environment).data).toBe(process.cwd());
  });

  it.each([
    [['--only', 'slwo'], 'There is no part "slwo".'],
    [['--fast'], 'There is no option --fast.'],
    [['slow'], 'There is no option slow.'],
    [['--only'], '--only needs a value.'],
    [['--only', 'slow', '--seed', '1'], 'None of the chosen parts takes --seed.'],
    [
      ['--only', 'drawn', '--seed', '4294967296'],
      '--seed takes a whole number below 4294967296, not "4294967296".',
    ],
    [['--only', 'drawn', '--minutes', 'ten'], '--minutes takes a number above 0, not "ten".'],
    [['--only', 'measured', '--data', '/nowhere/at/all'], '--data: there is no /nowhere/at/all.'],
  ])('refuses %j', (args, sentence) => {
    expect(chooseParts(args, parts)).toBe(sentence);
  });
});

describe('the long parts', () => {
  it('have tests or a script, and are named in the usage', () => {
    for (const [name, { script }] of Object.entries(PARTS)) {
      const place = script?.[0] ?? `test/full/${name}`;
      expect(existsSync(fileURLToPath(new URL(`../../../${place}`, import.meta.url))), place).toBe(
        true,
      );
      expect(usage()).toContain(`  ${name} `);
    }
  });

  it('can be called again as they were', () => {
    const choice = chooseParts(['--only', 'faults', '--seed', '3']);
    if (typeof choice === 'string') throw new Error(choice);
    expect(commandOf('faults', choice)).toBe(
      'npm run test:full -- --only faults --seed 3 --minutes 10',
    );
  });
});
