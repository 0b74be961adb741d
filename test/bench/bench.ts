import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cardDevice, findCard, NO_CARD, NO_CARD_EXIT, PROCESSOR, type Device } from './device.ts';
import { putIntoDocs } from './docs.ts';
import { measureEvaluation } from './evaluation.ts';
import { GROWTH } from './growth.ts';
import { compareImages, imageTables } from './images.ts';
import { describeMachine } from './machine.ts';
import { peersPython } from './python.ts';
import { machineLine, tables } from './report.ts';
import { measureStart } from './start.ts';
import { compareSteps, type Comparison, type StepRow, type WorkRow } from './steps.ts';
import type { Say, Section } from './table.ts';

/**
 * `npm run bench`: measures speed and memory against the PyTorch peers, as ratios within one run on
 * one machine.
 *
 *   --quick   only the main comparisons, under five minutes
 *   --only    only some sections, by name or by its first word: images, start, evaluation,
 *             growth, growth-library …
 *   --device  cpu, or gpu: steps and evaluation on the card that the engine finds; exits with
 *             code 3 if it finds none
 *   --json    prints one JSON document and nothing else
 *
 * The full run writes `results.json` next to this file and its tables into `docs/speed.md`.
 */

const RESULTS = join(fileURLToPath(new URL('.', import.meta.url)), 'results.json');
const TINY = { model: 'ViT-Tiny/16', timm: 'vit_tiny_patch16_224', heads: 3, batch: 16 };
const BASE = { model: 'ViT-Base/16', timm: 'vit_base_patch16_224', heads: 12, batch: 8 };
/** KARST as published, its fastest form, and the other adapters. */
const QUICK_FORMS = ['karst-kron', 'karst-gemm', 'lora', 'lokr'];
const ALL_FORMS = [
  ...QUICK_FORMS,
  ...['karst-hybrid', 'karst-factored', 'karst-compiled', 'probe', 'full'],
];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
    json: { type: 'boolean', default: false },
  },
});
// Exit explicitly, so that the exit handlers kill the measured processes and the next bench runs
// undisturbed.
process.on('SIGTERM', () => process.exit(128 + constants.signals.SIGTERM));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Measurements other than the training-step comparison with the peers. */
const SECTIONS: Readonly<Record<string, (say: Say) => Promise<Section>>> = {
  async images(say) {
    const rows = await compareImages(await peersPython(say), options.quick ? 3 : 9, say);
    return { results: rows, markdown: imageTables(rows) };
  },
  evaluation: async (say) => measureEvaluation(await peersPython(say), device, say),
  start: (say) => measureStart(() => peersPython(say), say),
  ...GROWTH,
};

/** Exits if a card is requested and none is found. */
async function chooseDevice(): Promise<Device> {
  if (options.device === 'cpu') return PROCESSOR;
  if (options.device !== 'gpu') throw new Error('--device is cpu or gpu');
  const card = await findCard();
  if (card !== null) return cardDevice(card, await peersPython(say));
  say(NO_CARD);
  if (options.json)
    console.log(JSON.stringify({ machine: describeMachine(), rows: [], notRun: NO_CARD }));
  process.exit(NO_CARD_EXIT);
}

/** @throws if no section has this name */
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
      : [machineLine(machine, device.card), ...found.map(([, section]) => section.markdown)].join(
          '\n\n',
        ),
  );
}

const device = await chooseDevice();
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
      { ...TINY, forms: ALL_FORMS, turns: 8 },
      { ...BASE, forms: ALL_FORMS, turns: 4 },
    ];

const python = await peersPython(say);
const rows: StepRow[] = [];
const work: WorkRow[] = [];
for (const comparison of comparisons) {
  const found = await compareSteps(python, comparison, device, say);
  rows.push(...found.rows);
  work.push(found.work);
}
const machine = describeMachine();
const results = { machine, card: device.card, rows, work };
let all: Readonly<Record<string, unknown>> = results;
/**
 * Reports and saves each part as it finishes, because the full run is long and may be interrupted.
 */
async function keep(name: string, markdown: string): Promise<void> {
  if (!options.json) console.log(`## ${name}\n\n${markdown}\n`);
  if (options.quick || device.kind !== 'cpu') return;
  writeFileSync(RESULTS, `${JSON.stringify(all, null, 2)}\n`);
  await putIntoDocs(name, markdown);
}
await keep('steps', tables(results));
// On a card, skip the sections that do not use it.
const names = options.quick ? [] : device.kind === 'gpu' ? ['evaluation'] : Object.keys(SECTIONS);
for (const name of names) {
  const section = await SECTIONS[name]?.(say);
  if (section === undefined) continue;
  all = { ...all, [name]: section.results };
  await keep(name, section.markdown);
}
if (options.json) console.log(JSON.stringify(all));
