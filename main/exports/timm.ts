import { join } from 'node:path';
import { timmConfigOf } from '../formats/checkpoints/registry.ts';
import { writeFileAtomic } from '../formats/files.ts';
import { preprocessingToJson } from '../formats/preprocessor-config.ts';
import { readAllFloat32, writeSafetensors, type TensorDtype } from '../formats/safetensors.ts';
import { writeCompanions } from './companions.ts';
import type { ExportedModel, Exporter } from './exporter.ts';

const MODEL = 'model.safetensors';

/**
 * Tolerance between logits relative to the largest logit (at least 1): a hundred times the rounding
 * error in float32; for half types, the error of rounding the weights.
 */
const RELATIVE_TOLERANCE: Partial<Record<TensorDtype, number>> = {
  F32: 1e-4,
  F16: 2e-2,
  BF16: 1e-1,
};

/** A folder for timm: weights under its names in the backbone's own type, and `config.json`. */
export const timm: Exporter<'timm'> = {
  format: 'timm',
  async write(model, _options, folder) {
    const { specs, tensors, storedAs, architecture, preprocessing, labels } = model;
    await writeSafetensors(
      join(folder, MODEL),
      specs.map((spec) => ({
        name: spec.name,
        shape: spec.shape,
        dtype: storedAs(spec),
        data: tensors.get(spec.name) ?? new Float32Array(),
      })),
      { format: 'pt' },
    );
    const write = (name: string, text: string): Promise<void> =>
      writeFileAtomic(join(folder, name), text);
    const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
    await write('config.json', json(timmConfigOf(architecture, preprocessing, labels)));
    await write('preprocessor_config.json', json(preprocessingToJson(preprocessing)));
    await write('labels.json', json(labels));
    await writeCompanions(model, folder, { format: 'timm', precision: null });
  },
  open: async (folder, _model, tools) =>
    tools.ourNetwork(await readAllFloat32(join(folder, MODEL))),
  bound: (model) => ({
    of: 'logits',
    tolerance: (largest) => (RELATIVE_TOLERANCE[networkType(model)] ?? 1e-4) * largest,
  }),
};

/** The type of the matrices, which hold most parameters. */
function networkType({ specs, storedAs }: ExportedModel): TensorDtype {
  const matrix = specs.find(({ role }) => role === 'matrix');
  return matrix === undefined ? 'F32' : storedAs(matrix);
}
