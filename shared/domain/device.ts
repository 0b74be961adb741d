import * as v from 'valibot';
import { immutable } from './immutable.ts';
import { countSchema } from './scalars.ts';

/** Versions and device of an engine. */
export const deviceReportSchema = immutable(
  v.object({
    backend: v.picklist(['tensorflow', 'tfjs-cpu', 'webgpu']),
    tensorflow: v.nullable(v.string()),
    tfjs: v.string(),
    /** The level of processors whose kernels of ours run, amx, avx512 or avx2; null: products stay with TensorFlow. */
    kernels: v.nullable(v.string()),
    /**
     * Better kernels that are installed but off because their self-check failed; the reason is a
     * clause.
     */
    kernelsOff: v.array(v.object({ level: v.string(), reason: v.string() })),
    /**
     * Why the compiled resampling of images is off although installed: its self-check failed; a
     * clause.
     */
    resamplingOff: v.nullable(v.string()),
    /** Names of the devices found, CPU first. */
    devices: v.array(v.string()),
    device: v.picklist(['cpu', 'gpu']),
    threads: countSchema,
    node: v.string(),
  }),
);
export type DeviceReport = v.InferOutput<typeof deviceReportSchema>;
