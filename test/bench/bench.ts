import { constants } from 'node:os';
import { cardDevice, findCard, NO_CARD, NO_CARD_EXIT, PROCESSOR, type Device } from './device.ts';
import { putIntoDocs } from './docs.ts';
import { measureEvaluation } from './evaluation.ts';
import { GROWTH } from './growth.ts';
import { compareImages, imageTables } from './images.ts';
import { heldTo } from './isa.ts';
import { measureJob } from './job.ts';
import { keepResults } from './kept.ts';
import { describeMachine, machineLine, processorKey } from './machine.ts';
import { comparisonsOf, MODEL_NAMES } from './models.ts';
import { benchOptions } from './options.ts';
import { peersPython } from './python.ts';
import { stepTables } from './report.ts';
import { measureStart } from './start.ts';
import { compareSteps, type StepRow, type WorkRow } from './steps.ts';
import type { Say, Section } from './table.ts';

/**
 * `npm run bench`: measures speed and memory against the PyTorch peers, as ratios within one run on
 * one machine.
 *
 *   --quick   only the main comparisons, under five minutes
 *   --only    only some sections, by name or by its first word: steps, images, start, evaluation,
 *             job, growth, growth-library …
 *   --keep    with --only: puts these sections into `results.json` and the page, as a full run does
 *   --models  of steps and evaluation: tiny, base, dinov2-112, dinov2-224, swin
 *   --turns   counted turns of each comparison, for a short run
 *   --isa     avx2 (or avx512): holds ours and the peers to this instruction set
 *   --device  cpu, or gpu: steps and evaluation on the card that the engine finds; exits with
 *             code 3 if it finds none
 *   --json    prints one JSON document and nothing else
 *
 * The whole job, which is in no run without its two folders:
 *
 *   --backbone, --data  a pre-trained backbone, and a folder with the sets
 *   --sets    of the data, with the side of their images (hands:112,flowers:224), and if they are
 *             not those of all, epochs and seeds (hands:112:6:1)
 *   --epochs, --seeds   12 and 3; with no seed there is no time to accuracy
 *
 * The full run writes `results.json` next to this file and its tables into `docs/speed.md`, those
 * of one processor beside those of others.
 */

const options = benchOptions(process.argv.slice(2));
const { quick, turns } = options;
// Exit explicitly, so that the exit handlers kill the measured processes and the next bench runs
// undisturbed.
process.on('SIGTERM', () => process.exit(128 + constants.signals.SIGTERM));
const say: Say = (line) => void process.stderr.write(`${line}\n`);

const held = options.isa === undefined ? null : heldTo(options.isa);
// All measured processes inherit them.
Object.assign(process.env, held?.variables);

/** Exits if a card is requested and none is found. */
async function chooseDevice(): Promise<Device> {
  if (options.device === 'cpu') return PROCESSOR;
  const card = await findCard();
  if (card !== null) return cardDevice(card, await peersPython(say));
  say(NO_CARD);
  if (options.json)
    console.log(JSON.stringify({ machine: describeMachine(), rows: [], notRun: NO_CARD }));
  process.exit(NO_CARD_EXIT);
}

const device = await chooseDevice();
const measured = { machine: describeMachine(held?.isa ?? null), card: device.card };

/** Results of the steps, which stand beside the other parts. */
interface StepResults {
  readonly rows: readonly StepRow[];
  readonly work: readonly WorkRow[];
}

async function measureSteps(say: Say): Promise<Section> {
  const python = await peersPython(say);
  const rows: StepRow[] = [];
  const work: WorkRow[] = [];
  for (const comparison of comparisonsOf({ quick, chosen: options.models, turns })) {
    const found = await compareSteps(python, comparison, device, say);
    rows.push(...found.rows);
    work.push(found.work);
  }
  return { results: { rows, work } satisfies StepResults, markdown: stepTables(rows, work) };
}

const { job } = options;
const SECTIONS: Readonly<Record<string, (say: Say) => Promise<Section>>> = {
  steps: measureSteps,
  async images(say) {
    const rows = await compareImages(await peersPython(say), turns ?? (quick ? 3 : 9), say);
    return { results: rows, markdown: imageTables(rows) };
  },
  evaluation: async (say) => {
    const models = options.chosen ?? MODEL_NAMES;
    return measureEvaluation(await peersPython(say), device, { models, turns }, say);
  },
  ...(job === null ? {} : { job: async (say) => measureJob(await peersPython(say), job, say) }),
  start: (say) => measureStart(() => peersPython(say), say),
  ...GROWTH,
};

/** @throws if no section has this name */
function chosenSections(only: string | undefined): readonly string[] {
  const names = Object.keys(SECTIONS);
  if (only !== undefined) {
    const chosen = names.filter((name) => name === only || name.startsWith(`${only}-`));
    if (chosen.length === 0)
      throw new Error(`--only takes ${names.join(', ')} or their first word`);
    return chosen;
  }
  if (quick) return ['steps'];
  // On a card, skip the sections that do not use it.
  return device.kind === 'gpu' ? ['steps', 'evaluation'] : names;
}

/** In `results.json` the steps' lists stand beside the other parts. */
const partOf = (name: string, results: unknown): Readonly<Record<string, unknown>> =>
  name === 'steps' ? (results as Readonly<Record<string, unknown>>) : { [name]: results };

const keeps = options.only === undefined ? !quick && device.kind === 'cpu' : options.keep;
const line = machineLine(measured.machine, measured.card);
if (!options.json) console.log(line);
let all: Readonly<Record<string, unknown>> = measured;
for (const name of chosenSections(options.only)) {
  const section = await SECTIONS[name]?.(say);
  if (section === undefined) continue;
  const part = partOf(name, section.results);
  all = { ...all, ...part };
  if (!options.json) console.log(`\n## ${name}\n\n${section.markdown}`);
  // Each part is kept as it is done, because the full run is long and may be interrupted.
  if (!keeps) continue;
  keepResults(measured, part);
  const key = processorKey(measured.machine, measured.card);
  await putIntoDocs(name, { key, markdown: `${line}\n\n${section.markdown}` });
}
if (options.json) console.log(JSON.stringify(all));
// Measured processes that were left are killed by the exit handlers.
process.exit();
