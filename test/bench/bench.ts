import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareImages, imageTables } from './images.ts';
import { describeMachine } from './machine.ts';
import { peersPython } from './python.ts';
import { tables } from './report.ts';
import { measureStart } from './start.ts';
import { compareSteps, type Comparison, type StepRow, type WorkRow } from './steps.ts';

/**
 * `npm run bench`: how fast and how large we are beside the PyTorch peers, as ratios of one run on one machine.
 *
 *   --quick   the main comparisons alone, under five minutes
 *   --json    prints one document and nothing else
 *   --only S  one section alone (see SECTIONS), and no file
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
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Section {
  readonly results: unknown;
  /** Markdown. */
  readonly table: string;
}

/** What `--only` measures by itself. */
const SECTIONS: Readonly<Record<string, () => Promise<Section>>> = {
  async images() {
    const rows = await compareImages(await peersPython(say), options.quick ? 3 : 9, say);
    return { results: rows, table: imageTables(rows) };
  },
};

if (options.only !== undefined) {
  const measure = SECTIONS[options.only];
  if (measure === undefined)
    throw new Error(`--only takes ${Object.keys(SECTIONS).join(', ')}, not ${options.only}`);
  const { results, table } = await measure();
  const machine = describeMachine();
  console.log(options.json ? JSON.stringify({ machine, [options.only]: results }) : table);
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
