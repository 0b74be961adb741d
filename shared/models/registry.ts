import * as v from 'valibot';
import { KarstError } from '../domain/errors.ts';
import type { FamilySpec } from './family.ts';
import { totalSize, type ModelSpec } from './spec.ts';
import { vit, type VitArchitecture } from './vit.ts';

/** An architecture of any family, discriminated by `family`. */
export type Architecture = VitArchitecture;

/** Every family of backbones: one line for each. */
const FAMILIES: Readonly<Record<Architecture['family'], FamilySpec<Architecture>>> = { vit };

export const families: readonly FamilySpec<Architecture>[] = Object.values(FAMILIES);

export function familyOf({ family }: Pick<Architecture, 'family'>): FamilySpec<Architecture> {
  return FAMILIES[family];
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

function schemaOf(spec: FamilySpec<Architecture>) {
  return v.strictObject({ ...spec.fields, family: v.literal(spec.family) });
}

/** An architecture of any family, every field within its limits. */
export const architectureSchema = v.variant(
  'family',
  families.map(schemaOf),
) as unknown as v.GenericSchema<unknown, Architecture>;

export function modelSpec(a: Architecture): ModelSpec {
  const spec = familyOf(a);
  const { prefix, grid } = spec.tokens(a);
  return {
    tensors: spec.tensors(a, 0),
    linears: spec.linears(a),
    blocks: spec.blocks(a),
    tokens: prefix + grid[0] * grid[1],
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

/**
 * The architecture at another image size.
 * @param imageSize 0: its own
 * @throws config-invalid when its patches do not fit
 */
export function atSize(a: Architecture, imageSize: number): Architecture {
  const side = sideOf(a, imageSize);
  const step = familyOf(a).sizeStep(a);
  if (side % step !== 0)
    throw new KarstError(
      'config-invalid',
      `Images of ${String(side)} pixels cannot be cut into patches of ${String(step)}.`,
      { hint: `Choose an image size that is a multiple of ${String(step)}.` },
    );
  return { ...a, imageSize: side };
}

/** The architecture at another image size, or the nearest size that fits. */
export function nearSize(a: Architecture, imageSize: number): Architecture {
  const step = familyOf(a).sizeStep(a);
  return { ...a, imageSize: Math.max(1, Math.round(sideOf(a, imageSize) / step)) * step };
}
