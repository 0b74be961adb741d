/** `adapter` is the adapter's folder, `karst` the same in one file. */
export const EXPORT_FORMATS = ['safetensors', 'karst', 'adapter'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
