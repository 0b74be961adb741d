import type { ExportFormat } from './export-formats.ts';
import type { ModelFormat } from './export-target.ts';

/** What users of a format must know, in English: for the command line and the folder's README. */
export const EXPORT_NOTES: Readonly<Record<ExportFormat, readonly string[]>> = {
  timm: [],
  hf: [],
  onnx: [],
  savedmodel: [
    'The signature "files" reads JPEG and PNG. It does not turn pictures by their EXIF orientation, converts no colour profile to sRGB, takes no CMYK, and drops transparency instead of laying the picture on white: prepare such pictures first.',
  ],
  karst: [],
  adapter: [],
};

/** Python that opens a model's folder, in three lines. */
export function openingLines(format: ModelFormat, folder: string): readonly string[] {
  // A text of JSON is one of Python, too.
  const file = (name: string): string => JSON.stringify(`${folder}/${name}`);
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
      return [
        'import onnxruntime',
        `session = onnxruntime.InferenceSession(${file('model.onnx')})`,
        'logits, probabilities = session.run(None, {"pixel_values": pixels})',
      ];
    case 'savedmodel':
      return [
        'import tensorflow as tf',
        `classify = tf.saved_model.load(${JSON.stringify(folder)}).signatures["files"]`,
        'answer = classify(file=tf.constant(open("picture.jpg", "rb").read()))["probabilities"]',
      ];
  }
}
