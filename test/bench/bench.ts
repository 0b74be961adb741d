import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GROWTH } from './growth.ts';
import { describeMachine } from './machine.ts';
import { peersPython } from './python.ts';
import { machineLine, tables } from './report.ts';
import { measureStart } from './start.ts';
import { compareSteps, type Comparison, type StepRow, type WorkRow } from './steps.ts';
import type { Section } from './table.ts';

/**
 * `npm run bench`: how fast and how large we are beside the PyTorch peers, as ratios of one run on one machine.
 *
 *   --quick   the main comparisons alone, under five minutes
 *   --only    some sections alone, by their name or its first word: growth, growth-library …
 *   --json    prints one document and nothing else
 *
 * The whole run writes `results.json` beside this file.
 */

const RESULTS = join(fileURLToPath(new URL('.', import.meta.url)), 'results.json');
const TINY = { model: 'ViT-Tiny/16', timm: 'vit_tiny_patch16_224', heads: 3, batch: 16 };
const BASE = { model: 'ViT-Base/16', timm: 'vit_base_patch16_224', heads: 12, batch: 8 };
const QUICK_FORMS = ['karst-kron', 'karst-gemm', 'karst-hybrid', 'lora', 'lokr'];
const ALL_FORMS = [...QUICK_FORMS, 'karst-factored', 'karst-compiled', 'probe', 'full'];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What is measured beside the comparisons with the peers. */
const SECTIONS = { ...GROWTH };

/** @throws when nothing is called so */
async function measureSections(only: string): Promise<void> {
  const chosen = Object.entries(SECTIONS).filter(
    ([name]) => name === only || name.startsWith(`${only}-`),
  );
  if (chosen.length === 0)
    throw new Error(`--only takes ${Object.keys(SECTIONS).join(', ')} or their first word`);
  const found: [string, Section][] = [];
  for (const [name, measure] of chosen) found.push([name, await measure(say)]);
  const machine = describeMachine();
  const results = Object.fromEntries(found.map(([name, section]) => [name, section.results]));
  console.log(
    options.json
      ? JSON.stringify({ machine, ...results })
      : [machineLine(machine), ...found.map(([, section]) => section.markdown)].join('\n\n'),
  );
}

if (options.only !== undefined) {
  await measureSections(options.only);
  process.exit();
}

const comparisons: Comparison[] = options.quick
  ? [
      { ...TINY, forms: QUICK_FORMS, turns: 3 },
      { ...BASE, forms: ['karst-kron', 'karst-hybrid'], turns: 3 },
    ]
  : [
      { ...TINY, forms: ALL_FORMS, turns: 12 },
      { ...BASE, forms: ALL_FORMS, turns: 6 },
    ];

const python = await peersPython(say);
const rows: StepRow[] = [];
const work: WorkRow[] = [];
for (const comparison of comparisons) {
  const found = await compareSteps(python, comparison, say);
  rows.push(...found.rows);
  work.push(found.work);
}
const start = options.quick ? [] : await measureStart(say);
const results = { machine: describeMachine(), rows, work, start };
if (!options.quick) writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
console.log(options.json ? JSON.stringify(results) : tables(results));
