import type { ModelFormat } from '../../shared/domain/export-formats.ts';
import type { Exporter } from './exporter.ts';
import { onnx } from './onnx/exporter.ts';
import { savedModel } from './saved-model/exporter.ts';
import { timm } from './timm.ts';

const EXPORTERS: { readonly [F in ModelFormat]: Exporter<F> } = {
  timm,
  onnx,
  savedmodel: savedModel,
};

export function exporterOf<F extends ModelFormat>(format: F): Exporter<F> {
  return EXPORTERS[format];
}
