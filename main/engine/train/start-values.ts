import type { TrainingStart } from '../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readAdapterFolder } from '../../formats/adapter-folder.ts';
import { sha256OfFile } from '../../formats/files.ts';
import { readAllFloat32 } from '../../formats/safetensors.ts';
import type { Model } from '../model/model.ts';
import { tensorNamed } from '../programs/tensor-named.ts';

/**
 * Initial values of a run that starts from an adapter: the adapter's own, and of the head the rows
 * of the classes that it knows. A new class keeps its fresh row.
 * @param fresh values of a run that starts from the backbone, by name
 * @throws file-changed, backbone-mismatch when the adapter has a tensor of another size, and what
 * reading an adapter throws
 */
export async function startValues(
  { adapterDir, name: adapter, sha256, rows }: TrainingStart,
  model: Pick<Model, 'trainedTensors'>,
  fresh: ReadonlyMap<string, Float32Array>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const { weights } = await readAdapterFolder(adapterDir);
  if ((await sha256OfFile(weights)) !== sha256)
    throw new KarstError('file-changed', `${weights} is no longer what the run began with.`, {
      hint: 'Train again from the adapter.',
      path: weights,
    });
  const stored = await readAllFloat32(weights);
  return new Map(
    model.trainedTensors.map(({ name, role }) => {
      const values = tensorNamed(fresh, name);
      const known = stored.get(name);
      if (known === undefined)
        throw new KarstError(
          'backbone-mismatch',
          `The adapter "${adapter}" has no tensor ${name}, which the run trains.`,
          { hint: 'Train with the settings that it was trained with.', path: weights },
        );
      if (role === 'head') return [name, withRows(values, known, rows)];
      if (known.length === values.length) return [name, known];
      throw new KarstError(
        'backbone-mismatch',
        `The adapter "${adapter}" has ${String(known.length)} values of ${name}, and the run trains ${String(values.length)}.`,
        { hint: 'Train with the settings that it was trained with.', path: weights },
      );
    }),
  );
}

/** A tensor of the head with the rows of another one in the places that have one. */
function withRows(
  fresh: Float32Array,
  stored: Float32Array,
  rows: readonly (number | null)[],
): Float32Array {
  const values = Float32Array.from(fresh);
  const width = values.length / rows.length;
  rows.forEach((row, place) => {
    if (row !== null) values.set(stored.subarray(row * width, (row + 1) * width), place * width);
  });
  return values;
}
