import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

/** The page with the tables of the full bench. */
export const PAGE = fileURLToPath(new URL('../../docs/speed.md', import.meta.url));

const END = '<!-- end -->';
const ON = /<!-- on: (.+?) -->/g;

/** Tables of one part, measured on one kind of processor. */
export interface ProcessorTables {
  /** Names the processor; see `processorKey`. */
  readonly key: string;
  readonly markdown: string;
}

/** Replaces the tables of one part in a page. */
export async function putIntoDocs(
  name: string,
  tables: string | ProcessorTables,
  page = PAGE,
): Promise<void> {
  writeFileSync(page, await withTables(readFileSync(page, 'utf8'), name, tables));
}

/**
 * Returns the page with these tables between `<!-- bench: NAME -->` and the next `<!-- end -->`,
 * formatted like all pages. Tables of a processor replace only what follows its
 * `<!-- on: KEY -->` there, or are added after those of the others.
 *
 * @throws if the page lacks these markers
 */
export async function withTables(
  page: string,
  name: string,
  tables: string | ProcessorTables,
): Promise<string> {
  const start = `<!-- bench: ${name} -->`;
  const begin = page.indexOf(start) + start.length;
  const end = page.indexOf(END, begin);
  if (begin < start.length || end < 0)
    throw new Error(`the page has no place for "${name}": ${start} and ${END}`);
  const markdown =
    typeof tables === 'string' ? tables : withProcessor(page.slice(begin, end), tables);
  const filled = `${page.slice(0, begin)}\n\n${markdown}\n\n${page.slice(end)}`;
  return format(filled, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

/** What stands before the first processor's tables says that there are none yet, and is dropped. */
function withProcessor(before: string, { key, markdown }: ProcessorTables): string {
  const marks = [...before.matchAll(ON)];
  const byKey = new Map(
    marks.map((mark, i) => [
      mark[1] ?? '',
      before.slice(mark.index + mark[0].length, marks[i + 1]?.index).trim(),
    ]),
  );
  byKey.set(key, markdown);
  return [...byKey].map(([one, text]) => `<!-- on: ${one} -->\n\n${text}`).join('\n\n');
}
