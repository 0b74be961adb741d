import type { ModelFormat } from '../../shared/domain/export-target.ts';
import type { Exporter } from './exporter.ts';
import { huggingFace } from './hugging-face/exporter.ts';
import { onnx } from './onnx/exporter.ts';
import { savedModel } from './saved-model/exporter.ts';
import { timm } from './timm/exporter.ts';

const EXPORTERS: { readonly [F in ModelFormat]: Exporter<F> } = {
  timm,
  hf: huggingFace,
  onnx,
  savedmodel: savedModel,
};

export function exporterOf<F extends ModelFormat>(format: F): Exporter<F> {
  return EXPORTERS[format];
}
