import { expect, it } from 'vitest';
import { terminalPicture, withoutTimes } from '../../bench/terminal-picture.ts';

/** The text lines as written into the picture. */
function rows(text: string): string[] {
  return [...terminalPicture(text, 'a').matchAll(/<text[^>]*>(.*)<\/text>/g)].map(
    ([, row = '']) => row,
  );
}

it('shows bold and dim text, and escapes what SVG would take for its own', () => {
  expect(rows('\u001b[1mStep\u001b[22m 1\n\n  a <b> & c \u001b[2m[2 s]\u001b[22m\n')).toEqual([
    '<tspan class="bold">Step</tspan> 1',
    '  a &lt;b&gt; &amp; c <tspan class="dim">[2 s]</tspan>',
  ]);
});

it('is as wide as its longest line and as high as its lines, empty ones too', () => {
  const size = (text: string): number[] =>
    /width="(\d+)" height="([\d.]+)"/.exec(terminalPicture(text, 'a'))!.slice(1).map(Number);
  const [width = 0, height = 0] = size('12345');
  const [wider = 0, higher = 0] = size('\u001b[1m1234567890\u001b[22m\n\n1');
  expect([wider > width, higher > height]).toEqual([true, true]);
  expect(size('1\n2\n3')[1]).toBe(higher);
});

it('refuses what it cannot show', () => {
  expect(() => terminalPicture('\u001b[31mred', 'a')).toThrow('ESC[31m');
});

it('leaves out the times of a demo, and nothing else', () => {
  const [dim, plain] = ['\u001b[2m', '\u001b[22m'];
  const lines = [
    `    270 steps in 55 s ${dim}[1 min 04 s]${plain}`,
    `    10 classes ${dim}[2.6 s]${plain}`,
    `${dim}top-1${plain}   96.4 %`,
    `${dim}everything in${plain}  /tmp`,
    `${dim}time${plain}    1 min 19 s`,
    'end',
  ];
  expect(withoutTimes(lines.join('\n')).split('\n')).toEqual([
    '    270 steps',
    '    10 classes',
    ...lines.slice(2, 4),
    'end',
  ]);
});
