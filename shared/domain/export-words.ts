import * as v from 'valibot';
import type { ModelFormat } from './export-target.ts';
import { immutable } from './immutable.ts';

/**
 * What its users must know of an exported model, above all where its own way of preparing images is
 * not the studio's. In English for the command line and the folder's README; the window has them in
 * its languages.
 */
export const EXPORT_NOTES = {
  'timm-levels':
    'The transform of timm rounds the resized image to whole levels, which the studio does not: a value moves by up to a level.',
  'timm-border':
    'The transform of timm fills the border with the mean color, the studio with another.',
  'timm-crop':
    'The transform of timm halves an odd margin otherwise than the studio: the crop may lie one pixel beside.',
  'hf-crop':
    'The image processor of transformers halves an odd margin otherwise than the studio: the crop may lie one pixel beside.',
  'hf-pillow':
    'From version 5 on, transformers resizes by torchvision where that is installed, and a level may differ by one or two; AutoImageProcessor.from_pretrained(…, backend="pil") resizes by Pillow, as the studio does.',
  'library-files':
    'Neither timm nor transformers turns pictures by their EXIF orientation or converts color profiles to sRGB, as the studio does: prepare such pictures first.',
  'onnx-cmyk':
    'CMYK pictures without a color profile get other colors from predict.py than from the studio, as Pillow converts them by a plain formula, and may get another class; predict.mjs converts them as the studio does.',
  'savedmodel-files':
    'The signature "files" reads JPEG and PNG. It does not turn pictures by their EXIF orientation, converts no color profile to sRGB, converts CMYK by a plain formula, and drops transparency instead of laying the picture on white: prepare such pictures first.',
} as const;
export type ExportNote = keyof typeof EXPORT_NOTES;

export const exportNotesSchema = immutable(
  v.array(v.picklist(Object.keys(EXPORT_NOTES) as ExportNote[])),
);

/** Python that opens a model's folder, in three lines; `picture.jpg` stands for one of the user's. */
export function openingLines(format: ModelFormat, folder: string): readonly string[] {
  // A text of JSON is one of Python, too.
  switch (format) {
    case 'timm':
      return [
        'import timm',
        `model = timm.create_model(${JSON.stringify(`local-dir:${folder}`)}, pretrained=True).eval()`,
        'transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))',
      ];
    case 'hf':
      return [
        'from transformers import AutoImageProcessor, AutoModelForImageClassification',
        `model = AutoModelForImageClassification.from_pretrained(${JSON.stringify(folder)}).eval()`,
        `processor = AutoImageProcessor.from_pretrained(${JSON.stringify(folder)})`,
      ];
    case 'onnx':
      // By the script of the folder, which prepares pictures for ONNX Runtime.
      return [
        `import sys; sys.path.insert(0, ${JSON.stringify(folder)})`,
        'from predict import classify',
        'print(classify("picture.jpg"))',
      ];
    case 'savedmodel':
      return [
        'import tensorflow as tf',
        `classify = tf.saved_model.load(${JSON.stringify(folder)}).signatures["files"]`,
        'answer = classify(file=tf.constant(open("picture.jpg", "rb").read()))["probabilities"]',
      ];
  }
}
