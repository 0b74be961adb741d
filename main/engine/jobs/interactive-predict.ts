import type { FileAnswer } from '../../../shared/contract/engine/messages.ts';
import type { InteractivePredictJob } from '../../../shared/contract/engine/jobs.ts';
import type { InteractivePredictResult } from '../../../shared/contract/engine/results.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { likeliest } from '../../../shared/tasks/task.ts';
import { loadForEvaluation } from '../data/batch-maker.ts';
import { openPredictor, type OpenPredictor } from '../programs/open-predictor.ts';
import type { JobChannel } from './channel.ts';

/** Small: one compiled program serves one image as well as a handful, without much padding. */
const BATCH = 8;

type LoadedFile = { readonly pixels: Float32Array } | { readonly error: ErrorReport };

/**
 * Keeps a model loaded and predicts the files of each question until it is told to stop. An
 * unreadable file is part of the answer, not a failure.
 */
export async function answerQuestions(
  job: InteractivePredictJob,
  channel: JobChannel,
): Promise<InteractivePredictResult> {
  channel.progress('loading', 0, 1);
  const model = await openPredictor(job, BATCH, channel.runtime, { single: true });
  channel.progress('loading', 1, 1);
  try {
    for (;;) {
      const question = await channel.nextQuestion();
      if (question === null) return { kind: 'interactive-predict' };
      const { id, paths, top } = question;
      if (paths.length === 0) await computeOnce(model);
      channel.emit({ type: 'answer', id, answers: await answersTo(paths, top, model) });
    }
  } finally {
    await model.session.dispose();
  }
}

/** A question without files makes ready: what is compiled or taken up at first use then is. */
async function computeOnce(model: OpenPredictor): Promise<void> {
  await logitsOf([new Float32Array(3 * model.preprocessing.imageSize ** 2)], model);
}

async function answersTo(
  paths: readonly string[],
  top: number,
  model: OpenPredictor,
): Promise<FileAnswer[]> {
  const load = (begin: number): Promise<LoadedFile[]> =>
    Promise.all(paths.slice(begin, begin + BATCH).map((path) => loadFile(path, model)));
  const answers: FileAnswer[] = [];
  let next = load(0);
  for (let begin = 0; begin < paths.length; begin += BATCH) {
    const files = await next;
    // Decoding runs in other threads: the next files are decoded while the model computes.
    next = load(begin + BATCH);
    answers.push(...(await answersOf(files, top, model)));
  }
  return answers;
}

async function loadFile(path: string, { preprocessing }: OpenPredictor): Promise<LoadedFile> {
  try {
    return { pixels: await loadForEvaluation(path, preprocessing) };
  } catch (error) {
    return { error: toErrorReport(error) };
  }
}

/** Predictions in the order of the files; at most one batch. */
async function answersOf(
  files: readonly LoadedFile[],
  top: number,
  model: OpenPredictor,
): Promise<FileAnswer[]> {
  const { labels, outputs } = model;
  const readable = files.flatMap((file) => ('pixels' in file ? [file.pixels] : []));
  const logits = readable.length === 0 ? new Float32Array() : await logitsOf(readable, model);
  let row = 0;
  return files.map((file) => {
    if ('error' in file) return file;
    const own = logits.subarray(row * outputs, ++row * outputs);
    return { predictions: likeliest(model.task.spec, own, labels, top) };
  });
}

async function logitsOf(
  images: readonly Float32Array[],
  { session }: OpenPredictor,
): Promise<Float32Array> {
  const [first] = images;
  if (first === undefined) throw new KarstError('internal', 'There is no image to predict.');
  const one = images.length === 1;
  const pixels = one ? first : new Float32Array(BATCH * first.length);
  if (!one) images.forEach((image, row) => pixels.set(image, row * first.length));
  const { logits } = await session.run(one ? 'evaluateOne' : 'evaluate', { images: pixels });
  if (logits === undefined) throw new KarstError('internal', 'The model returned no output.');
  return logits;
}
