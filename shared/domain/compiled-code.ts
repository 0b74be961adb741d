import type { DeviceReport } from './device.ts';

const TITLES: ReadonlyMap<string, string> = new Map([
  ['amx', 'AMX'],
  ['avx512', 'AVX-512'],
  ['avx2', 'AVX2'],
  ['neon', 'NEON'],
]);

/** The name of a kernels' instruction set. */
export function kernelsTitle(isa: string): string {
  return TITLES.get(isa) ?? isa;
}

/**
 * What is installed but off because its self-check failed, with a sentence that says what is used
 * instead. In English.
 */
export interface SwitchedOff {
  readonly what: 'kernels' | 'resampling';
  readonly sentence: string;
}

export function switchedOff({
  kernels,
  kernelsOff,
  resamplingOff,
}: Pick<DeviceReport, 'kernels' | 'kernelsOff' | 'resamplingOff'>): SwitchedOff[] {
  const instead =
    kernels === null
      ? 'TensorFlow computes everything'
      : `those for ${kernelsTitle(kernels)} are used`;
  const off = kernelsOff.map(({ level, reason }): SwitchedOff => ({
    what: 'kernels',
    sentence: `The kernels for ${kernelsTitle(level)} are off, since their self-check failed: ${reason}. Instead, ${instead}, which takes longer.`,
  }));
  if (resamplingOff === null) return off;
  const sentence = `The compiled resampling of images is off, since its self-check failed: ${resamplingOff}. Instead, images are resized in JavaScript, which takes longer.`;
  return [...off, { what: 'resampling', sentence }];
}

/** What to do about it. */
export const SWITCHED_OFF_HINT =
  'Reinstall KARST Studio (in a checkout: "npm ci", then "npm run setup"); if that does not help, please report it with this line.';
