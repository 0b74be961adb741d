import type { Assumed, Provenance } from '../../../shared/domain/backbone.ts';
import type { ModelConfig } from './configs/model-config.ts';
import type { CheckpointSources } from './family.ts';
import type { Said } from '../../../shared/domain/said.ts';

/**
 * What the weights do not tell, by the first that says it: the user, a configuration beside the
 * file, the file's own metadata, the library whose file it is; else what such shapes have.
 */
export class Settling {
  readonly assumed: Assumed[] = [];
  readonly #said: readonly (readonly [Said, Provenance])[];

  constructor({ option = {}, config, metadata }: CheckpointSources, library: Said = {}) {
    this.#said = [
      [option, 'option'],
      [config?.said ?? {}, 'config.json'],
      [metadata?.said ?? {}, 'metadata'],
      [library, 'default'],
    ];
  }

  /** Who says a value, without settling it. */
  said<K extends keyof Said>(what: K): { value: NonNullable<Said[K]>; from: Provenance } | null {
    for (const [said, from] of this.#said) {
      const value = said[what];
      if (value !== undefined) return { value, from };
    }
    return null;
  }

  /** @param otherwise what networks of the shape have */
  settle<K extends keyof Said>(what: K, otherwise: NonNullable<Said[K]>): NonNullable<Said[K]> {
    const { value, from } = this.said(what) ?? { value: otherwise, from: 'default' };
    return this.note(what, value, from);
  }

  note<K extends keyof Said>(
    what: K,
    value: NonNullable<Said[K]>,
    from: Provenance,
  ): NonNullable<Said[K]> {
    this.assumed.push({ what, value, from });
    return value;
  }

  from(what: keyof Said): Provenance {
    return this.assumed.find((one) => one.what === what)?.from ?? 'default';
  }
}

/** What a configuration says and the weights are not; null where they agree. */
export function contradiction(
  { checks }: ModelConfig,
  found: Readonly<Record<string, unknown>>,
): string | null {
  const wrong = checks.find(
    ({ field, value }) => field in found && JSON.stringify(found[field]) !== JSON.stringify(value),
  );
  return wrong === undefined
    ? null
    : `"${wrong.key}" is ${JSON.stringify(wrong.value)}, and the weights have ${JSON.stringify(found[wrong.field])}`;
}
