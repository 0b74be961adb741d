import { KARST_DEFAULTS } from '../../shared/methods/karst.ts';
import { adapted } from '../fixtures/engine/adapted.ts';
import { plainModel } from '../../main/engine/model/plain-model.ts';
import { singleLabel } from '../../main/tasks/single-label.ts';
import { likeliest } from '../../shared/tasks/task.ts';
import { mergedTensors } from '../../main/tuning/merge.ts';
import { tunerOf } from '../../main/tuning/registry.ts';
import { loadBackbone } from '../../main/engine/backbone/load.ts';
import { openRuntime } from '../../main/engine/runtime/open-runtime.ts';
import { ModelState } from '../../main/engine/programs/model-state.ts';
import { evaluationProgram } from '../../main/engine/programs/evaluation.ts';
import { readAllFloat32 } from '../../main/formats/safetensors.ts';
import { inspectBackbone } from '../../main/host/services/backbones/inspection.ts';
import { answerSteps } from './step-answers.ts';

/**
 * Our evaluation of a batch as a subject: our-evaluation.ts FOLDER HEADS FORM, driven like
 * `peers/evaluation_peer.py`.
 * FORM: plain (the backbone with its own head), merged (as `karst merge` writes it), adapter (as
 * evaluation and prediction use an adapter), beside (an adapter that is not merged into the
 * backbone, as in validation during training). A turn computes the logits of every image, its five
 * most likely classes and the mean loss.
 */

const [folder = '', heads = '', form = ''] = process.argv.slice(2);
const TOP = 5;
/** Must match make_task.py. */
const KARST = {
  ...KARST_DEFAULTS,
  rank: 8,
  factor: 8,
  kernels: 8,
  alpha: 1,
  rescale: 'scalar',
} as const;

const batch = await readAllFloat32(`${folder}/batch.safetensors`);
const images = batch.get('images') ?? new Float32Array();
const labels = [...(batch.get('labels') ?? [])];
const adapter = await readAllFloat32(`${folder}/adapter.safetensors`);
const path = `${folder}/backbone.safetensors`;
const found = await inspectBackbone(path, Number(heads) > 0 ? { heads: Number(heads) } : undefined);
const { architecture } = found;
const reference = { ...found, path, sha256: '', name: 'backbone' };
const backbone = await loadBackbone(reference, architecture, { head: true });
const classes = Array.from(backbone.get('head.bias')?.keys() ?? [], String);

const runtime = await openRuntime();
const session = form === 'adapter' || form === 'beside' ? await openAdapted() : await openPlain();

async function openPlain() {
  const weights = form === 'merged' ? merged() : backbone;
  const model = plainModel(architecture, classes.length);
  const { program } = evaluationProgram(model, labels.length, { matmulPrecision: 'high' });
  const opened = runtime.open(program);
  await opened.write(weights);
  return opened;
}

function merged(): Map<string, Float32Array> {
  const tensors = mergedTensors(
    tunerOf({ method: 'karst', options: KARST }, architecture),
    adapter,
    backbone,
  );
  return new Map([...tensors].map(([name, values]) => [name, Float32Array.from(values)]));
}

async function openAdapted() {
  const shape = { architecture, classes: classes.length, method: 'karst', karst: KARST } as const;
  const model = adapted({ ...shape, merged: form === 'adapter' });
  const { program, groups } = evaluationProgram(model, labels.length, { matmulPrecision: 'high' });
  const opened = runtime.open(program);
  await opened.write(new Map([...backbone].filter(([name]) => model.frozen.has(name))));
  await new ModelState(opened, groups).setTrained(adapter);
  if (model.merged !== undefined) await opened.run('merge', {});
  return opened;
}

await answerSteps(async () => {
  const { logits = new Float32Array() } = await session.run('evaluate', { images });
  const metrics = singleLabel.evaluation(classes);
  for (const [row, label] of labels.entries()) {
    const own = logits.subarray(row * classes.length, (row + 1) * classes.length);
    metrics.add(own, label);
    likeliest(singleLabel.spec, own, classes, TOP);
  }
  return metrics.result().loss;
});
