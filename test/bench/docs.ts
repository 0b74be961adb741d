import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

/** The page that has the tables of the whole bench. */
export const PAGE = fileURLToPath(new URL('../../docs/speed.md', import.meta.url));

const END = '<!-- end -->';

/** Puts what a part of the bench found into the page, in the place of what an earlier run found. */
export async function putIntoDocs(name: string, markdown: string): Promise<void> {
  writeFileSync(PAGE, await withTables(readFileSync(PAGE, 'utf8'), name, markdown));
}

/**
 * The page with these tables between `<!-- bench: NAME -->` and the next `<!-- end -->`, formatted as all pages are.
 *
 * @throws when the page has no place for them
 */
export async function withTables(page: string, name: string, markdown: string): Promise<string> {
  const start = `<!-- bench: ${name} -->`;
  const begin = page.indexOf(start) + start.length;
  const end = page.indexOf(END, begin);
  if (begin < start.length || end < 0)
    throw new Error(`docs/speed.md has no place for "${name}": ${start} and ${END}`);
  const filled = `${page.slice(0, begin)}\n\n${markdown}\n\n${page.slice(end)}`;
  return format(filled, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}
