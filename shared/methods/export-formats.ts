import { KarstError } from '../domain/errors.ts';
import type { ExportFormat } from '../domain/export-formats.ts';
import { methodSpec, type Method } from './registry.ts';

/** Formats that are read by the backbone's own class, which has no place for extra layers. */
const OWN_CLASS: readonly ExportFormat[] = ['timm', 'hf'];

/** Whether an adapter of the method can be written in the format. */
export function canExportAs(format: ExportFormat, method: Method): boolean {
  return methodSpec(method).merges || !OWN_CLASS.includes(format);
}

/**
 * @param path folder of the adapter
 * @throws KarstError not-available for extra layers in a format of the backbone's own class
 */
export function requireExportAs(format: ExportFormat, method: Method, path: string): void {
  if (canExportAs(format, method)) return;
  throw new KarstError(
    'not-available',
    `An adapter of the method ${methodSpec(method).title} cannot be merged: no weights of the backbone can hold what it adds.`,
    { hint: 'Export it as ONNX or as a SavedModel, which carry its extra layers.', path },
  );
}
