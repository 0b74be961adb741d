import { join } from 'node:path';
import { writeFileAtomic } from '../../formats/files.ts';
import { otherwiseInTimm } from '../../formats/preprocessing/timm.ts';
import { writeSafetensors } from '../../formats/safetensors.ts';
import { writeCompanions } from '../companions.ts';
import type { Exporter } from '../exporter.ts';
import { MODEL, openWritten, tensorBound, writtenTensors } from '../weights-folder.ts';
import { timmBuild } from './build.ts';
import { timmConfigOf } from './config.ts';

/** A folder for timm: weights under its names in the backbone's own type, and `config.json`. */
export const timm: Exporter<'timm'> = {
  format: 'timm',
  async write(model, _options, folder) {
    const { architecture, preprocessing, labels, backbone } = model;
    const { names, written } = timmBuild(architecture);
    const tensors = writtenTensors(model, names, written);
    await writeSafetensors(join(folder, MODEL), tensors, { format: 'pt' });
    const write = (name: string, value: unknown): Promise<void> =>
      writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
    const config = timmConfigOf(architecture, preprocessing, labels, backbone.licence);
    await write('config.json', config);
    await write('labels.json', labels);
    const notes = timm.notes(model);
    await writeCompanions(model, folder, { format: 'timm', precision: null, notes });
  },
  open: openWritten,
  bound: tensorBound,
  notes({ preprocessing }) {
    const note = otherwiseInTimm(preprocessing);
    return [...(note === null ? [] : [note]), 'library-files'];
  },
};
