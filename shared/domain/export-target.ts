import * as v from 'valibot';
import { oneOf } from '../fields/field.ts';
import { group, type NoOptions } from '../fields/group.ts';
import type { ExportFormat } from './export-formats.ts';
import { immutable } from './immutable.ts';

/** How the weights of an ONNX file are stored. */
export const PRECISIONS = ['float32', 'float16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

const precision = oneOf(PRECISIONS, {
  default: 'float32',
  help: 'float16 halves the file; int8 quarters it by rounding the weights of each output channel to 255 levels, which may cost accuracy.',
  affects: ['results', 'memory'],
});

const NONE = group<NoOptions>({});

/** The formats that hold the merged model, each with its options. */
export const MODEL_OPTIONS = {
  timm: NONE,
  hf: NONE,
  onnx: group({ precision }),
  savedmodel: NONE,
};
export type ModelFormat = keyof typeof MODEL_OPTIONS;

export function isModelFormat(format: ExportFormat): format is ModelFormat {
  return Object.hasOwn(MODEL_OPTIONS, format);
}

/** A format with its options. */
export const exportTargetSchema = immutable(
  v.variant('format', [
    v.object({ format: v.literal('timm'), options: MODEL_OPTIONS.timm.schema }),
    v.object({ format: v.literal('hf'), options: MODEL_OPTIONS.hf.schema }),
    v.object({ format: v.literal('onnx'), options: MODEL_OPTIONS.onnx.schema }),
    v.object({ format: v.literal('savedmodel'), options: MODEL_OPTIONS.savedmodel.schema }),
  ]),
);
export type ExportTarget = v.InferOutput<typeof exportTargetSchema>;
