import type { ExportFormat } from '../../../shared/domain/export-formats.ts';
import { fileName } from '../../composables/download.ts';

/** A default name for the export, from the adapter's. */
export function offeredName(adapter: string, format: ExportFormat): string {
  const base = fileName(adapter);
  switch (format) {
    case 'karst':
      return `${base}.karst`;
    case 'adapter':
      return `${base}-adapter`;
    case 'timm':
      return `${base}-merged`;
    case 'hf':
      return `${base}-transformers`;
    case 'onnx':
      return `${base}-onnx`;
    case 'savedmodel':
      return `${base}-tensorflow`;
  }
}
