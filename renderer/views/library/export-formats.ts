import type { Input } from '../../../shared/contract/window/procedures.ts';
import { fileName } from '../../composables/download.ts';

export type ExportChoice = Input<'adapters.export'>['format'];

/** Ordered by use; formats not available yet are listed as well. */
export const EXPORT_CHOICES: readonly { readonly format: ExportChoice; readonly there: boolean }[] =
  [
    { format: 'safetensors', there: true },
    { format: 'karst', there: true },
    { format: 'adapter', there: true },
    { format: 'onnx', there: false },
    { format: 'savedmodel', there: false },
  ];

/** A default name for the export, from the adapter's. */
export function offeredName(adapter: string, format: ExportChoice): string {
  const base = fileName(adapter);
  switch (format) {
    case 'karst':
      return `${base}.karst`;
    case 'onnx':
      return `${base}.onnx`;
    case 'adapter':
      return `${base}-adapter`;
    case 'safetensors':
    case 'savedmodel':
      return `${base}-merged`;
  }
}

/** Whether it is a single file. */
export function isFile(format: ExportChoice): boolean {
  return format === 'karst' || format === 'onnx';
}
