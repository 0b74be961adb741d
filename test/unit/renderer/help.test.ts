import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blocksOf } from '../../../renderer/views/help/markdown.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
const GUIDES = ['walkthrough.md', 'walkthrough.zh-CN.md'].map((file) =>
  blocksOf(readFileSync(new URL(file, DOCS), 'utf8')),
);

describe('blocksOf', () => {
  it('reads headings, paragraphs and pictures, and joins lines', () => {
    expect(
      blocksOf('# Title\n\nOne **strong\nword** and `code`.\n\n![What it is](a/b.png)\n\n## Next'),
    ).toEqual([
      { kind: 'heading', text: 'Title' },
      {
        kind: 'paragraph',
        spans: [
          { kind: 'text', text: 'One ' },
          { kind: 'strong', text: 'strong word' },
          { kind: 'text', text: ' and ' },
          { kind: 'code', text: 'code' },
          { kind: 'text', text: '.' },
        ],
      },
      { kind: 'picture', text: 'What it is', file: 'a/b.png' },
      { kind: 'heading', text: 'Next' },
    ]);
  });

  it('puts no spaces between lines of Chinese', () => {
    expect(blocksOf('训练\n示例。按\nCtrl Z')).toEqual([
      { kind: 'paragraph', spans: [{ kind: 'text', text: '训练示例。按 Ctrl Z' }] },
    ]);
  });
});

describe('the walkthrough', () => {
  it('has the same parts in both languages', () => {
    const [english, chinese] = GUIDES.map((blocks) => blocks.map(({ kind }) => kind));
    expect(chinese).toEqual(english);
  });

  it('is shown whole: no mark of Markdown is left, and every picture is there in both themes', () => {
    for (const block of GUIDES.flat()) {
      const texts = block.kind === 'paragraph' ? block.spans.map(({ text }) => text) : [block.text];
      for (const text of texts) expect(text).not.toMatch(/\*\*|`|\]\(|^#|^[-*] /);
      if (block.kind !== 'picture') continue;
      expect(block.file).toMatch(/^screens\/(training|train|evaluation|merge)-(light|dark)\.png$/);
      for (const theme of ['light', 'dark']) {
        const file = block.file.replace(/(light|dark)\.png$/, `${theme}.png`);
        expect(existsSync(new URL(file, DOCS)), file).toBe(true);
      }
    }
  });
});
