import { describe, expect, it } from 'vitest';
import { ownColours } from '../../../main/cli/output/printable.ts';
import { displayWidth, facts, table } from '../../../main/cli/output/table.ts';

describe('tables', () => {
  it('sets words left and numbers right, without trailing blanks', () => {
    const lines = table(
      [{ title: 'name' }, { title: 'size', align: 'right' }, { title: 'note' }],
      [
        ['starter', '7.9 MB', ''],
        ['b', '346 MB', 'large'],
      ],
    );
    expect(lines).toEqual(['name       size  note', 'starter  7.9 MB', 'b        346 MB  large']);
  });

  it('measures cells without their colours and wide characters as two', () => {
    expect(displayWidth(ownColours('\u001b[31mred\u001b[39m'))).toBe(3);
    expect(displayWidth('猫')).toBe(2);
    expect(displayWidth('e\u0301')).toBe(1);
    const bold = ownColours('\u001b[1m猫\u001b[22m');
    const lines = table(
      [{ title: 'c' }, { title: 'n', align: 'right' }],
      [
        [bold, '1'],
        ['dog', '22'],
      ],
    );
    expect(lines).toEqual(['c     n', `${bold}    1`, 'dog  22']);
  });

  it('stays a table with names that hold line breaks and codes of terminals', () => {
    const lines = table(
      [{ title: 'class' }, { title: 'n', align: 'right' }],
      [
        ['a\nb', '1'],
        ['\u001b[2Jgone', '22'],
      ],
    );
    expect(lines).toEqual(['class         n', 'a\\nb          1', '\\x1b[2Jgone  22']);
    expect(facts([['a\tb', 'x']])).toEqual(['a\\tb  x']);
  });

  it('colours titles after they were measured', () => {
    const lines = table([{ title: 'a' }, { title: 'b' }], [['xxx', 'y']], (text) => `<${text}>`);
    expect(lines).toEqual(['<a>    <b>', 'xxx  y']);
  });

  it('has as many rows as there are classes in the world', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [String(i)]);
    expect(table([{ title: 'n', align: 'right' }], rows).at(1)).toBe('     0');
  });

  it('aligns facts', () => {
    expect(
      facts([
        ['id', 'b1'],
        ['parameters', '1.20 M'],
      ]),
    ).toEqual(['id          b1', 'parameters  1.20 M']);
    expect(facts([])).toEqual([]);
  });
});
