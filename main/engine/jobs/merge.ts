import { join } from 'node:path';
import type { MergeJob } from '../../../shared/contract/engine/jobs.ts';
import type { MergeResult } from '../../../shared/contract/engine/results.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Verification } from '../../../shared/domain/metrics.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';
import { writeFileAtomic, writeFolderAtomic } from '../../formats/files.ts';
import { modelCard } from '../../formats/model-card.ts';
import { preprocessingToJson } from '../../formats/preprocessor-config.ts';
import { BackboneFile } from '../../formats/checkpoints/backbone-file.ts';
import { readAllFloat32, writeSafetensors, type TensorDtype } from '../../formats/safetensors.ts';
import { timmConfigOf } from '../../formats/checkpoints/registry.ts';
import { mergedTensors } from '../../tuning/merge.ts';
import { openAdapter, type OpenAdapter } from '../programs/open-adapter.ts';
import { plainModel } from '../model/plain-model.ts';
import { ImageLoader } from '../data/loader.ts';
import { compareLogits, VERIFICATION_BATCH } from '../merge/compare.ts';
import { evaluationProgram } from '../programs/evaluation.ts';
import { readImages } from './manifest.ts';
import type { JobChannel } from './channel.ts';

const MODEL = 'model.safetensors';

/**
 * Merges an adapter into its backbone, writes the model as a folder and verifies on images that the
 * file, read back, gives the adapted model's logits. Beyond the tolerance the folder is removed.
 */
export async function merge(job: MergeJob, channel: JobChannel): Promise<MergeResult> {
  channel.progress('loading', 0, 1);
  const adapted = await openAdapter(
    job.adapterDir,
    job.backbone,
    VERIFICATION_BATCH,
    channel.runtime,
    // Not merged in the graph: the point is to compare the merged weights with the adapter. In
    // float32, as the merged model will run elsewhere.
    { merged: false, matmulPrecision: 'highest' },
  );
  try {
    const { classes } = adapted.model;
    const architecture: Architecture = { ...adapted.model.architecture, classes };
    const tensors = familyOf(architecture).tensors(architecture, classes);
    const dtype = await storedDtypes(job.backbone, adapted.tuner.spec.scope === 'model');
    channel.progress('merging', 0, 1);
    const { adapter, backbone } = adapted.tensors;
    if (adapted.tuner.delta === null)
      throw new KarstError(
        'not-available',
        `An adapter of the method ${adapted.tuner.spec.title} cannot be merged: no weights of the backbone can hold what it adds.`,
        { hint: 'Export it as an adapter.', path: job.adapterDir },
      );
    const merged = mergedTensors(adapted.tuner, adapter, backbone);
    const proof: { verification?: Verification } = {};
    await writeFolderAtomic(job.out, async (folder) => {
      const path = join(folder, MODEL);
      await writeSafetensors(
        path,
        tensors.map((tensor) => ({
          name: tensor.name,
          shape: tensor.shape,
          dtype: dtype(tensor),
          data: merged.get(tensor.name) ?? new Float32Array(),
        })),
        { format: 'pt' },
      );
      await writeDescriptions(folder, job, adapted, architecture);
      channel.progress('merging', 1, 1);
      proof.verification = await verify(
        job,
        channel,
        adapted,
        path,
        architecture,
        dtype(tensors.find(isMatrix)),
      );
    });
    if (proof.verification === undefined)
      throw new KarstError('internal', 'The merged model was written without a verification.');
    return { kind: 'merge', out: job.out, verification: proof.verification };
  } finally {
    await adapted.session.dispose();
  }
}

/** The type of the matrices, which hold most parameters, is called the network's type. */
const isMatrix = ({ role }: TensorSpec): boolean => role === 'matrix';

/**
 * The type each tensor is stored in: the backbone's own; float32 where there is none (trained from
 * random weights).
 */
async function storedDtypes(
  { path, architecture }: MergeJob['backbone'],
  whole: boolean,
): Promise<(tensor: TensorSpec | undefined) => TensorDtype> {
  if (path === null || whole) return () => 'F32';
  const file = await BackboneFile.open(path);
  try {
    const first = familyOf(architecture).tensors(architecture, 0).find(isMatrix);
    const main = file.tensors.get(first?.name ?? '')?.dtype ?? 'F32';
    return (tensor) =>
      tensor === undefined || tensor.role === 'head'
        ? main
        : (file.tensors.get(tensor.name)?.dtype ?? main);
  } finally {
    await file.close();
  }
}

async function writeDescriptions(
  folder: string,
  job: MergeJob,
  { folder: adapter, preprocessing }: OpenAdapter,
  architecture: Architecture,
): Promise<void> {
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  await writeFileAtomic(
    join(folder, 'config.json'),
    json(timmConfigOf(architecture, preprocessing, adapter.labels)),
  );
  await writeFileAtomic(
    join(folder, 'preprocessor_config.json'),
    json(preprocessingToJson(preprocessing)),
  );
  await writeFileAtomic(join(folder, 'labels.json'), json(adapter.labels));
  await writeFileAtomic(
    join(folder, 'README.md'),
    modelCard(job.backbone.name, adapter, architecture),
  );
}

async function verify(
  job: MergeJob,
  channel: JobChannel,
  adapted: OpenAdapter,
  path: string,
  architecture: Architecture,
  dtype: TensorDtype,
): Promise<Verification> {
  const { labels } = adapted.folder;
  const { task } = adapted;
  const images = (await readImages(job.manifest, labels.length, task.spec)).slice(
    0,
    job.verifyImages,
  );
  const { program } = evaluationProgram(
    plainModel(architecture, adapted.model.classes),
    VERIFICATION_BATCH,
  );
  const session = channel.runtime.open(program);
  const loader = new ImageLoader({
    ...channel.loading,
    images,
    preprocessing: adapted.preprocessing,
    augmentation: null,
    batchSize: VERIFICATION_BATCH,
    seed: 0,
    cacheDir: join(channel.cacheDir, 'images'),
  });
  try {
    await session.write(await readAllFloat32(path));
    const verification = await compareLogits(
      adapted.session,
      session,
      loader,
      { task: task.spec, outputs: adapted.model.classes },
      dtype,
      (done) => {
        channel.progress('verifying', done, images.length);
        return channel.throwIfCancelled();
      },
    );
    const { maxAbsDiff, tolerance } = verification;
    if (verification.images === 0) {
      throw new KarstError(
        'dataset-unusable',
        'None of the images to verify the merged model on can be read.',
        {
          hint: 'Check the dataset with "karst dataset check".',
        },
      );
    }
    if (!(maxAbsDiff <= tolerance)) {
      throw new KarstError(
        'verification-failed',
        `The merged model's logits differ from the adapted model's by up to ${maxAbsDiff.toExponential(2)}, more than ${tolerance.toExponential(2)}.`,
        { hint: 'Nothing was written; the adapter itself is unchanged.', path: job.out },
      );
    }
    return verification;
  } finally {
    await loader.close();
    await session.dispose();
  }
}
