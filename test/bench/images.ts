import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { waitForQuiet } from './machine.ts';
import { writeScenes } from './scenes.ts';
import { median, spread } from './statistics.ts';
import { Subject } from './subject.ts';

/**
 * From image files to normalised batches: our loader against timm's (Pillow), alternating, each
 * with one worker per core. Uses the photographs in the folder named by `KARST_PHOTOGRAPHS` (class
 * folders) and generated JPEGs of 3000 × 2000 pixels.
 */

export interface ImageRow {
  readonly images: string;
  /** `ours`, or the name of the peer's form in `peers/image_peer.py`. */
  readonly subject: string;
  /** Of a pass over all images on all cores. */
  readonly medianSeconds: number;
  /** (max − min) ÷ median. */
  readonly spread: number;
  readonly turns: number;
  /** Images a second of wall time ÷ cores. */
  readonly perSecondPerCore: number;
  /** Median processor seconds per image, over all workers and threads. */
  readonly cpuSecondsPerImage: number;
  /** The peer's median ÷ ours; 1 for ours. */
  readonly speedup: number;
  /**
   * Most cores used by other programs during a counted turn; above `OTHERS` if no turn was
   * undisturbed.
   */
  readonly others: number;
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const PHOTOGRAPHS = 'KARST_PHOTOGRAPHS';
const SIZE = 224;
const BATCH = 4;
const SCENES = 8;
const FORMS = ['timm', 'timm-draft'];
/**
 * Largest difference between the means of all normalised values that counts as the same work. Ours
 * applies embedded colour profiles and timm does not, so photographs with a profile differ more.
 */
const MEAN_TOLERANCE = { generated: 0.001, photographs: 0.1 };
const OTHERS = 0.15;
const PATIENCE_MS = 5_000;

const checkAnswer = v.object({ images: v.number(), mean: v.number() });
const loadAnswer = v.object({ seconds: v.number(), cpuSeconds: v.number(), others: v.number() });
type Load = v.InferOutput<typeof loadAnswer>;

/** @param turns undisturbed passes of each subject over each set of images */
export async function compareImages(
  python: string,
  turns: number,
  say: (line: string) => void,
): Promise<ImageRow[]> {
  const cores = String(availableParallelism());
  const made = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  const settings = [String(SIZE), String(BATCH), cores];
  const subjects: Subject[] = [];
  try {
    say(`drawing ${String(SCENES)} images of 3000 × 2000 pixels …`);
    await writeScenes(join(made, 'scenes'), SCENES, 3000, 2000);
    subjects.push(
      await Subject.start('ours', process.execPath, [join(FOLDER, 'our-images.ts'), ...settings]),
    );
    for (const form of FORMS)
      subjects.push(
        await Subject.start(form, python, [
          ...[join(FOLDER, 'peers', 'image_peer.py'), ...settings, form],
        ]),
      );
    const rows: ImageRow[] = [];
    const photographs = process.env[PHOTOGRAPHS];
    if (photographs === undefined)
      say(`${PHOTOGRAPHS} names no folder of photographs: generated images alone`);
    else
      rows.push(
        ...(await compareOn(
          'photographs',
          photographs,
          subjects,
          turns,
          MEAN_TOLERANCE.photographs,
        )),
      );
    const { generated } = MEAN_TOLERANCE;
    rows.push(...(await compareOn('3000 × 2000 JPEGs', made, subjects, turns, generated)));
    for (const subject of subjects) await subject.end();
    for (const { images, subject, speedup } of rows)
      if (subject !== 'ours') say(`${images}, ${subject}: ${speedup.toFixed(2)} times our time`);
    return rows;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

async function compareOn(
  name: string,
  folder: string,
  subjects: readonly Subject[],
  turns: number,
  tolerance: number,
): Promise<ImageRow[]> {
  const checks = [];
  for (const subject of subjects) checks.push(await subject.ask(`check ${folder}`, checkAnswer));
  const [{ images, mean }] = checks as [v.InferOutput<typeof checkAnswer>];
  for (const [i, check] of checks.entries())
    if (check.images !== images || !(Math.abs(check.mean - mean) < tolerance))
      throw new Error(
        `${subjects[i]?.name ?? ''} made ${String(check.images)} images of mean ${String(check.mean)} of ${name}, we ${String(images)} of ${String(mean)}`,
      );
  const { passes, others } = await byTurns(folder, subjects, turns);
  const seconds = (loads: readonly Load[]): number => median(loads.map((load) => load.seconds));
  return subjects.map((subject, i) => {
    const loads = passes[i]!;
    const medianSeconds = seconds(loads);
    return {
      ...{ images: name, subject: subject.name, medianSeconds, turns: loads.length },
      spread: spread(loads.map((load) => load.seconds)),
      perSecondPerCore: images / medianSeconds / availableParallelism(),
      cpuSecondsPerImage: median(loads.map((load) => load.cpuSeconds)) / images,
      speedup: medianSeconds / seconds(passes[0]!),
      others,
    };
  });
}

/**
 * Alternates the subjects. Only turns that other programs left undisturbed count. If there were
 * none, the least disturbed turns count, and `others` shows it.
 */
async function byTurns(
  folder: string,
  subjects: readonly Subject[],
  turns: number,
): Promise<{ passes: readonly (readonly Load[])[]; others: number }> {
  const all: { loads: readonly Load[]; others: number }[] = [];
  const clean = (): typeof all => all.filter(({ others }) => others <= OTHERS);
  for (let turn = 0; turn < 3 * turns && clean().length < turns; turn++) {
    const loads: Load[] = [];
    for (const subject of subjects) {
      await waitForQuiet(PATIENCE_MS);
      loads.push(await subject.ask(`load ${folder}`, loadAnswer));
    }
    all.push({ loads, others: Math.max(...loads.map(({ others }) => others)) });
  }
  const counted =
    clean().length > 0 ? clean() : all.sort((a, b) => a.others - b.others).slice(0, turns);
  return {
    passes: subjects.map((_, i) => counted.map(({ loads }) => loads[i]!)),
    others: Math.max(...counted.map(({ others }) => others)),
  };
}

const NAMES: Readonly<Record<string, string>> = {
  ours: 'KARST Studio',
  timm: "timm's loader (Pillow)",
  'timm-draft': "timm's loader, Pillow reducing JPEGs as it decodes",
};

/** Markdown, one table for each set of images. */
export function imageTables(rows: readonly ImageRow[]): string {
  const sets = [...new Set(rows.map(({ images }) => images))];
  return sets
    .map((set) => {
      const own = rows.filter(({ images }) => images === set);
      const busiest = Math.max(...own.map(({ others }) => others));
      const disturbed =
        busiest > OTHERS
          ? `\n\nOthers used up to ${busiest.toFixed(2)} cores in every turn; the least disturbed ones count.`
          : '';
      const lines = own.map(
        (row) =>
          `| ${NAMES[row.subject] ?? row.subject} | ${row.perSecondPerCore.toFixed(1)} ± ${(50 * row.spread).toFixed(0)} % | ${(1000 * row.cpuSecondsPerImage).toFixed(2)} ms | ${row.subject === 'ours' ? '' : row.speedup.toFixed(2)} |`,
      );
      return `### ${set}\n\n| | images a second a core | processor time an image | times ours |\n|---|---:|---:|---:|\n${lines.join('\n')}${disturbed}`;
    })
    .join('\n\n');
}
