import { dirname, join } from 'node:path';
import type { ContainerFormat } from '../../../shared/domain/backbone.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readWholeFile } from '../files.ts';
import { parseStrictJson, StrictJsonError, type JsonValue } from '../strict-json.ts';
import { type TensorContainer, tensorOf } from './container.ts';
import type { NotFinite } from './elements.ts';

const INDEX_LIMIT = 64 * 2 ** 20;
const MOST_SHARDS = 1000;

/** Opens one shard. @throws KarstError as `openContainer` */
export type OpenShard = (path: string) => Promise<TensorContainer>;

/** A model in several files beside an index (`model.safetensors.index.json`), which names them. */
export class ShardedFiles implements TensorContainer {
  readonly format: ContainerFormat;
  readonly path: string;
  readonly files: readonly string[];
  readonly tensors: TensorContainer['tensors'];
  readonly metadata: ReadonlyMap<string, string>;
  readonly #shards: readonly TensorContainer[];
  /** The shard of each tensor. */
  readonly #holders: ReadonlyMap<string, TensorContainer>;

  private constructor(
    path: string,
    shards: readonly [TensorContainer, ...TensorContainer[]],
    holders: ReadonlyMap<string, TensorContainer>,
  ) {
    this.path = path;
    this.format = shards[0].format;
    this.metadata = shards[0].metadata;
    this.files = shards.map((shard) => shard.path);
    this.tensors = new Map(
      [...holders].map(([name, shard]) => [name, tensorOf(shard.path, shard.tensors, name)]),
    );
    this.#shards = shards;
    this.#holders = holders;
  }

  /**
   * Opens every shard and compares it with the index: each tensor in exactly the shard named for it.
   * @throws KarstError `not-found` naming a shard that is missing, `file-damaged`, as `openShard`
   */
  static async open(path: string, openShard: OpenShard): Promise<ShardedFiles> {
    const wanted = await readIndex(path);
    const shards = new Map<string, TensorContainer>();
    try {
      for (const name of [...new Set(wanted.values())].sort())
        shards.set(name, await openShard(join(dirname(path), name)));
      checkShards(path, wanted, shards);
      const [first, ...others] = shards.values();
      if (first === undefined) throw damaged(path, 'names no shards');
      const holders = [...wanted].map(([name, shard]) => [name, shards.get(shard)] as const);
      return new ShardedFiles(
        path,
        [first, ...others],
        new Map(holders as [string, TensorContainer][]),
      );
    } catch (error) {
      await Promise.all([...shards.values()].map((shard) => shard.close()));
      throw error;
    }
  }

  readFloat32(name: string): Promise<Float32Array> {
    return tensorOf(this.path, this.#holders, name).readFloat32(name);
  }

  firstNotFinite(name: string): Promise<NotFinite | null> {
    return tensorOf(this.path, this.#holders, name).firstNotFinite(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.close()));
  }
}

/** The shard of each tensor, as the index has it. */
async function readIndex(path: string): Promise<Map<string, string>> {
  let root: JsonValue;
  try {
    root = parseStrictJson((await readWholeFile(path, INDEX_LIMIT)).toString('utf8'));
  } catch (error) {
    if (error instanceof StrictJsonError) throw damaged(path, error.message);
    throw error;
  }
  const map =
    root instanceof Map ? (root as ReadonlyMap<string, JsonValue>).get('weight_map') : null;
  if (!(map instanceof Map)) throw damaged(path, 'has a weight_map that is not a JSON object');
  const wanted = new Map<string, string>();
  for (const [tensor, shard] of map as ReadonlyMap<string, JsonValue>) {
    if (typeof shard !== 'string' || !isPlainName(shard))
      throw damaged(
        path,
        `names ${JSON.stringify(shard)} as the file of the tensor ${JSON.stringify(tensor)}; it must be the name of a file in the same folder`,
      );
    wanted.set(tensor, shard);
  }
  const count = new Set(wanted.values()).size;
  if (count > MOST_SHARDS)
    throw damaged(path, `names ${count} shards; at most ${MOST_SHARDS} are read`);
  return wanted;
}

function isPlainName(name: string): boolean {
  return /^[^/\\:\p{Cc}]{1,255}$/u.test(name) && name !== '.' && name !== '..';
}

function checkShards(
  path: string,
  wanted: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, TensorContainer>,
): void {
  for (const [tensor, shard] of wanted)
    if (shards.get(shard)?.tensors.has(tensor) !== true)
      throw damaged(path, `says that ${shard} holds the tensor ${tensor}, which it does not`);
  for (const [shard, { tensors }] of shards)
    for (const tensor of tensors.keys())
      if (wanted.get(tensor) !== shard)
        throw damaged(
          path,
          wanted.has(tensor)
            ? `has the tensor ${tensor} in ${wanted.get(tensor)}, and ${shard} holds one of that name, too`
            : `does not name the tensor ${tensor}, which ${shard} holds`,
        );
}

function damaged(path: string, what: string): KarstError {
  return new KarstError('file-damaged', `${path} ${what}.`, {
    hint: 'Download the index and all shards again, into one folder.',
    path,
  });
}
