import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFormat } from '../../shared/domain/export-target.ts';
import { readError, writeFileAtomic } from '../formats/files.ts';
import { exportCard } from './card.ts';
import type { ExportedModel, Written } from './exporter.ts';

const SCRIPTS = new URL('scripts/', import.meta.url);

/** Scripts that classify pictures with the folder they lie in, by the names they get there. */
const SCRIPTS_OF: Readonly<Record<ModelFormat, Readonly<Record<string, string>>>> = {
  timm: {},
  hf: {},
  onnx: { 'predict.py': 'onnx.py', 'predict.mjs': 'onnx.mjs' },
  savedmodel: { 'predict.py': 'savedmodel.py' },
};

/**
 * Writes what every model's folder has beside the model: `labels.txt` (the outputs in order, one a
 * line), `preprocessing.json`, `README.md` and scripts.
 */
export async function writeCompanions(
  model: ExportedModel,
  folder: string,
  written: Written,
): Promise<void> {
  const write = (name: string, text: string): Promise<void> =>
    writeFileAtomic(join(folder, name), text);
  const scripts = Object.entries(SCRIPTS_OF[written.format]);
  await write('labels.txt', model.labels.map((label) => `${label}\n`).join(''));
  await write('preprocessing.json', `${JSON.stringify(model.preprocessing, null, 2)}\n`);
  await write(
    'README.md',
    exportCard(
      model,
      written,
      scripts.map(([name]) => name),
    ),
  );
  for (const [name, source] of scripts) await write(name, await script(source));
}

async function script(name: string): Promise<string> {
  const path = new URL(name, SCRIPTS);
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw readError(path.pathname, error);
  });
}
