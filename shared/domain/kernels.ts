import type { DeviceReport } from '../contract/engine.ts';

const TITLES: ReadonlyMap<string, string> = new Map([
  ['amx', 'AMX'],
  ['avx512', 'AVX-512'],
  ['avx2', 'AVX2'],
]);

/** What a level of the engine's kernels is called. */
export function kernelsTitle(level: string): string {
  return TITLES.get(level) ?? level;
}

/** Sentences on kernels that stay off, since their check of themselves failed, each with what is used instead. In English. */
export function kernelsOffSentences({
  kernels,
  kernelsOff,
}: Pick<DeviceReport, 'kernels' | 'kernelsOff'>): string[] {
  const instead =
    kernels === null
      ? 'TensorFlow computes everything'
      : `those for ${kernelsTitle(kernels)} are used`;
  return kernelsOff.map(
    ({ level, reason }) =>
      `The kernels for ${kernelsTitle(level)} are off, since their check of themselves failed: ${reason}. Instead, ${instead}, which takes longer.`,
  );
}

/** What to do about it. */
export const KERNELS_OFF_HINT =
  'Install KARST Studio anew (a checkout: "npm ci", then "npm run setup"); if it stays so, please report it with this line.';
