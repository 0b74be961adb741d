import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Exporter } from '../../../main/exports/exporter.ts';
import { exporterOf } from '../../../main/exports/registry.ts';
import { MODEL_OPTIONS, type ModelFormat } from '../../../shared/domain/export-target.ts';
import {
  EXPORT_NOTES,
  openingLines,
  type ExportNote,
} from '../../../shared/domain/export-words.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { modelOf } from '../../fixtures/exported-model.ts';
import { TINY_VIT } from '../../fixtures/tiny-backbone.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'karst-notes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SQUASH = { cropMode: 'squash', cropFraction: 1 } as const;

describe('the notes of an export', () => {
  it.each<[ModelFormat, Partial<Preprocessing>, ExportNote[]]>([
    ['timm', {}, ['library-files']],
    ['timm', { cropRounding: 'down' }, ['timm-crop', 'library-files']],
    ['timm', { ...SQUASH, rescale: 'before-resizing' }, ['timm-levels', 'library-files']],
    ['timm', { cropMode: 'border', borderColour: [0, 0, 0] }, ['timm-border', 'library-files']],
    ['hf', {}, ['hf-crop', 'hf-pillow', 'library-files']],
    ['hf', { cropRounding: 'down' }, ['hf-pillow', 'library-files']],
    ['hf', { ...SQUASH, rescale: 'before-resizing' }, ['library-files']],
    ['onnx', {}, ['onnx-cmyk']],
    ['savedmodel', {}, ['savedmodel-files']],
  ])('for %s, of images prepared by %j, are in its README', async (format, changes, notes) => {
    const plain = modelOf(TINY_VIT);
    const model = { ...plain, preprocessing: { ...plain.preprocessing, ...changes } };
    const exporter: Exporter = exporterOf<ModelFormat>(format);
    expect(exporter.notes(model)).toEqual(notes);
    const out = await mkdtemp(join(folder, 'model-'));
    await exporter.write(model, MODEL_OPTIONS[format].defaults, out);
    const card = await readFile(join(out, 'README.md'), 'utf8');
    const said = Object.entries(EXPORT_NOTES).flatMap(([note, sentence]) =>
      card.includes(`- ${sentence}\n`) ? [note] : [],
    );
    expect(said).toEqual(notes);
    expect(card).toContain(`\n${openingLines(format, '.').join('\n')}\n`);
  });
});
