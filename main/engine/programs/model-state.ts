import type { Session } from '../../backends/session.ts';
import type { StaticShape } from '../../graph/tensor.ts';
import { packGroup, unpackGroup, type ParameterGroup } from './parameters.ts';
import { tensorNamed } from './tensor-named.ts';

export type NamedTensors = ReadonlyMap<
  string,
  { readonly shape: StaticShape; readonly values: Float32Array }
>;

/** The optimizer's state variables of a group. */
function momentsOf(group: ParameterGroup): readonly string[] {
  return group.name === 'muon' ? ['momentum'] : ['moment1', 'moment2'];
}

/** Reads and writes the trained tensors and the optimizer's moments in the packed variables. */
export class ModelState {
  readonly #session: Session;
  readonly #groups: readonly ParameterGroup[];

  constructor(session: Session, groups: readonly ParameterGroup[]) {
    this.#session = session;
    this.#groups = groups;
  }

  /** Sets the trained tensors, and the moments: zero, or as `optimizer` reads them from a checkpoint. */
  async set(
    trained: ReadonlyMap<string, Float32Array>,
    optimizer: ReadonlyMap<string, Float32Array> | null,
  ): Promise<void> {
    const values = new Map<string, Float32Array>();
    for (const group of this.#groups) {
      values.set(...this.#packed('trained', group, trained));
      for (const role of momentsOf(group)) {
        const stored = new Map(
          group.tensors.map((t) => [
            t.name,
            optimizer === null
              ? new Float32Array(t.size)
              : tensorNamed(optimizer, `${t.name}.${role}`),
          ]),
        );
        values.set(...this.#packed(role, group, stored));
      }
    }
    await this.#session.write(values);
  }

  /** The trained tensors only, for a program without an optimizer. */
  async setTrained(trained: ReadonlyMap<string, Float32Array>): Promise<void> {
    await this.#session.write(
      new Map(this.#groups.map((group) => this.#packed('trained', group, trained))),
    );
  }

  #packed(
    role: string,
    group: ParameterGroup,
    tensors: ReadonlyMap<string, Float32Array>,
  ): [variable: string, values: Float32Array] {
    const variable = `${role}.${group.name}`;
    return [variable, packGroup(group, tensors, this.#session.zeros(variable))];
  }

  async trained(): Promise<NamedTensors> {
    return this.#read(() => ['trained']);
  }

  /** `<tensor>.moment1` and `<tensor>.moment2`, or `<tensor>.momentum` of what Muon trains. */
  async optimizer(): Promise<NamedTensors> {
    return this.#read(momentsOf);
  }

  /** Every tensor of the packed variables of these roles; moments have their role in their name. */
  async #read(rolesOf: (group: ParameterGroup) => readonly string[]): Promise<NamedTensors> {
    const packed = this.#groups.flatMap((group) => rolesOf(group).map((role) => ({ group, role })));
    const variables = packed.map((p) => `${p.role}.${p.group.name}`);
    const read = await this.#session.read(variables);
    const vectors = new Map(read.map((vector, index) => [variables[index] ?? '', vector]));
    return new Map(
      packed.flatMap(({ group, role }) => {
        const values = unpackGroup(group, tensorNamed(vectors, `${role}.${group.name}`));
        return group.tensors.map(
          ({ name, shape }) =>
            [
              role === 'trained' ? name : `${name}.${role}`,
              { shape, values: tensorNamed(values, name) },
            ] as const,
        );
      }),
    );
  }
}
