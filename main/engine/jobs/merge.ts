import { join } from 'node:path';
import type { MergeJob } from '../../../shared/contract/engine/jobs.ts';
import type { MergeResult } from '../../../shared/contract/engine/results.ts';
import type { ModelFormat } from '../../../shared/domain/export-target.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Verification } from '../../../shared/domain/metrics.ts';
import type { ExportedModel, Exporter } from '../../exports/exporter.ts';
import { exporterOf } from '../../exports/registry.ts';
import { writeFolderAtomic } from '../../formats/files.ts';
import { ImageLoader } from '../data/loader.ts';
import { compareFiles } from '../merge/compare-files.ts';
import { compareModels, VERIFICATION_BATCH } from '../merge/compare.ts';
import { requireClose } from '../merge/bounds.ts';
import { exportedModel } from '../merge/exported-model.ts';
import { proofTools } from '../merge/proof-tools.ts';
import { openAdapter, type OpenAdapter } from '../programs/open-adapter.ts';
import type { JobChannel } from './channel.ts';
import { readImages } from './manifest.ts';

/**
 * Merges an adapter into its backbone, writes the model as a folder in the wanted format, opens it
 * again and compares it with the adapted model on images. Beyond the bound the folder is removed.
 */
export async function merge(job: MergeJob, channel: JobChannel): Promise<MergeResult> {
  channel.progress('loading', 0, 1);
  const adapted = await openAdapter(
    job.adapterDir,
    job.backbone,
    VERIFICATION_BATCH,
    channel.runtime,
    // Not merged in the graph: the point is to compare the merged weights with the adapter. In
    // float32, as the written model will run elsewhere.
    { merged: false, matmulPrecision: 'highest' },
  );
  try {
    channel.progress('merging', 0, 1);
    const model = await exportedModel(job, adapted);
    const { format, options } = job.target;
    const exporter: Exporter = exporterOf<ModelFormat>(format);
    const proof: { verification?: Verification } = {};
    await writeFolderAtomic(job.out, async (folder) => {
      await exporter.write(model, options, folder);
      channel.progress('merging', 1, 1);
      proof.verification = await verify(job, channel, adapted, { model, exporter, folder });
    });
    const { verification } = proof;
    if (verification === undefined)
      throw new KarstError('internal', 'The merged model was written without a verification.');
    return { kind: 'merge', out: job.out, verification, notes: exporter.notes(model) };
  } finally {
    await adapted.session.dispose();
  }
}

interface Written {
  readonly model: ExportedModel;
  readonly exporter: Exporter;
  readonly folder: string;
}

async function verify(
  job: MergeJob,
  channel: JobChannel,
  adapted: OpenAdapter,
  { model, exporter, folder }: Written,
): Promise<Verification> {
  const { labels } = adapted.folder;
  const { task } = adapted;
  const images = (await readImages(job.manifest, labels.length, task.spec)).slice(
    0,
    job.verifyImages,
  );
  const written = await exporter.open(folder, model, proofTools(channel.runtime));
  const loader = new ImageLoader({
    ...channel.loading,
    images,
    preprocessing: adapted.preprocessing,
    augmentation: null,
    batchSize: VERIFICATION_BATCH,
    seed: 0,
    cacheDir: join(channel.cacheDir, 'images'),
  });
  const bound = exporter.bound(model, job.target.options);
  const ours = new Map<number, Float32Array | Float64Array>();
  const progress = (done: number): Promise<void> => {
    channel.progress('verifying', done, images.length);
    return channel.throwIfCancelled();
  };
  try {
    const verification = await compareModels(adapted.session, written, loader, {
      ...{ task: task.spec, outputs: adapted.model.classes, bound, images },
      onImage: (index, probabilities) => ours.set(index, probabilities),
      onBatch: progress,
    });
    requireClose(job, verification);
    if (written.runFile === undefined) return verification;
    const files = await compareFiles(written.runFile, {
      files: [...ours].map(([index, probabilities]) => ({
        path: images[index]?.path ?? '',
        probabilities,
      })),
      ...{ task: task.spec, preprocessing: model.preprocessing, onFile: progress },
    });
    return { ...verification, files };
  } finally {
    await loader.close();
    await written.close();
  }
}
