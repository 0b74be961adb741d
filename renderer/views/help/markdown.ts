/** A piece of a line of text. */
export interface Span {
  readonly kind: 'text' | 'strong' | 'code';
  readonly text: string;
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly spans: readonly Span[] }
  | { readonly kind: 'picture'; readonly text: string; readonly file: string };

const PICTURE = /^!\[([^\]]*)\]\(([^)]*)\)$/;
/** No space belongs between lines of Chinese. */
const LINE_END = /(.)\n(.)/gu;
const WIDE = /[\u3000-\u9fff\uff00-\uffef]/;

/**
 * The little of Markdown that the guides of the window are written in: headings, paragraphs with strong words and code, and
 * pictures by themselves.
 */
export function blocksOf(markdown: string): Block[] {
  return markdown
    .trim()
    .split(/\n{2,}/)
    .map((part): Block => {
      const picture = PICTURE.exec(part);
      if (picture !== null)
        return { kind: 'picture', text: picture[1] ?? '', file: picture[2] ?? '' };
      if (part.startsWith('#')) return { kind: 'heading', text: part.replace(/^#+\s*/, '') };
      return { kind: 'paragraph', spans: spansOf(joined(part)) };
    });
}

function joined(text: string): string {
  return text.replace(LINE_END, (_, before: string, after: string) =>
    WIDE.test(before) && WIDE.test(after) ? before + after : `${before} ${after}`,
  );
}

function spansOf(text: string): Span[] {
  return text
    .split(/(\*\*[^*]+\*\*|`[^`]+`)/)
    .filter((piece) => piece !== '')
    .map((piece): Span => {
      if (piece.startsWith('**')) return { kind: 'strong', text: piece.slice(2, -2) };
      if (piece.startsWith('`')) return { kind: 'code', text: piece.slice(1, -1) };
      return { kind: 'text', text: piece };
    });
}
