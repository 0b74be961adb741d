import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

/** The page with the tables of the full bench. */
export const PAGE = fileURLToPath(new URL('../../docs/speed.md', import.meta.url));

const END = '<!-- end -->';

/** Replaces the tables of one part in a page. */
export async function putIntoDocs(name: string, markdown: string, page = PAGE): Promise<void> {
  writeFileSync(page, await withTables(readFileSync(page, 'utf8'), name, markdown));
}

/**
 * Returns the page with these tables between `<!-- bench: NAME -->` and the next `<!-- end -->`,
 * formatted like all pages.
 *
 * @throws if the page lacks these markers
 */
export async function withTables(page: string, name: string, markdown: string): Promise<string> {
  const start = `<!-- bench: ${name} -->`;
  const begin = page.indexOf(start) + start.length;
  const end = page.indexOf(END, begin);
  if (begin < start.length || end < 0)
    throw new Error(`the page has no place for "${name}": ${start} and ${END}`);
  const filled = `${page.slice(0, begin)}\n\n${markdown}\n\n${page.slice(end)}`;
  return format(filled, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}
