import * as v from 'valibot';
import { KarstError } from '../domain/errors.ts';
import type { FamilySpec } from './family.ts';
import { totalSize, type ModelSpec } from './spec.ts';
import { swin, type SwinArchitecture } from './swin.ts';
import { vit, type VitArchitecture } from './vit.ts';

/** An architecture of any family, discriminated by `family`. */
export type Architecture = VitArchitecture | SwinArchitecture;

/** Every family of backbones: one line for each. */
const FAMILIES: { readonly [F in Architecture['family']]: FamilySpec<ArchitectureOf<F>> } = {
  vit,
  swin,
};

/** The architecture of one family. */
export type ArchitectureOf<F extends Architecture['family']> = Extract<Architecture, { family: F }>;

/** A family whose architectures are given as those of any: `familyOf` and `families` see to it. */
export type AnyFamily = FamilySpec<Architecture>;

export const families: readonly AnyFamily[] = Object.values(FAMILIES) as unknown as AnyFamily[];

export function familyOf({ family }: Pick<Architecture, 'family'>): AnyFamily {
  return FAMILIES[family] as unknown as AnyFamily;
}

/**
 * A stored architecture with its fields under their present names.
 * @param spell how the store writes names; default as here
 */
export function withCurrentNames<T extends { readonly family: string }>(
  stored: T,
  spell: (name: string) => string = (name) => name,
): T {
  const former = families.find(({ family }) => family === stored.family)?.formerNames ?? {};
  const renamed = new Map(Object.entries(former).map(([old, now]) => [spell(old), spell(now)]));
  const fields = Object.entries(stored).map(([name, value]: [string, unknown]) => [
    renamed.get(name) ?? name,
    value,
  ]);
  return Object.fromEntries(fields) as T;
}

function schemaOf(spec: AnyFamily) {
  return v.strictObject({ ...spec.fields, family: v.literal(spec.family) });
}

/** An architecture of any family, every field within its limits. */
export const architectureSchema = v.variant(
  'family',
  families.map(schemaOf),
) as unknown as v.GenericSchema<unknown, Architecture>;

export function modelSpec(a: Architecture): ModelSpec {
  const spec = familyOf(a);
  return {
    tensors: spec.tensors(a, 0),
    linears: spec.linears(a),
    blocks: spec.blocks(a),
    tokens: spec.rows(a),
    width: spec.width(a),
  };
}

/** Stored weights of the backbone, its own head included. */
export function parameterCount(a: Architecture): number {
  return totalSize(familyOf(a).tensors(a, a.classes));
}

/** The image side for a setting of `imageSize`; 0 means the architecture's own. */
function sideOf(a: Architecture, imageSize: number): number {
  return imageSize === 0 ? a.imageSize : imageSize;
}

/** Whether images of a side fit the architecture: its own, and others that whole patches fill. */
export function fits(a: Architecture, side: number): boolean {
  const { sizeStep, leastSize } = familyOf(a);
  return side === a.imageSize || (side % sizeStep(a) === 0 && side >= leastSize(a));
}

/** The image side nearest to `side` that fits the architecture. */
export function nearestSide(a: Architecture, side: number): number {
  if (fits(a, side)) return side;
  const { sizeStep, leastSize } = familyOf(a);
  const step = sizeStep(a);
  return Math.max(leastSize(a), Math.round(side / step) * step);
}

/**
 * The architecture at another image size.
 * @param imageSize 0: its own
 * @throws config-invalid when its patches, or windows of them, do not fit
 */
export function atSize(a: Architecture, imageSize: number): Architecture {
  const side = sideOf(a, imageSize);
  if (fits(a, side)) return { ...a, imageSize: side };
  const { sizeStep, leastSize } = familyOf(a);
  const [step, least] = [sizeStep(a), leastSize(a)];
  const sentence =
    side % step === 0
      ? `Images of ${String(side)} pixels are too small for the backbone's windows.`
      : `Images of ${String(side)} pixels cannot be cut into patches of ${String(step)}.`;
  const from = least > step ? `, from ${String(least)} on` : '';
  throw new KarstError('config-invalid', sentence, {
    hint: `Choose an image size that is a multiple of ${String(step)}${from}.`,
  });
}

/** The architecture at another image size, or the nearest size that fits. */
export function nearSize(a: Architecture, imageSize: number): Architecture {
  return { ...a, imageSize: nearestSide(a, sideOf(a, imageSize)) };
}
