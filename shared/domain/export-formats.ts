/** The names alone, without schemas: the command line's help lists them. */

/** `adapter` is the adapter's folder, `karst` the same in one file. */
export const EXPORT_FORMATS = ['timm', 'hf', 'onnx', 'savedmodel', 'karst', 'adapter'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Former names, as the command line still takes them and libraries may hold them. */
export const FORMER_FORMATS: Readonly<Record<string, ExportFormat>> = { safetensors: 'timm' };
