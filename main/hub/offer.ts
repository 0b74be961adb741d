import { listFiles, modelInfo } from '@huggingface/hub';
import * as v from 'valibot';
import { KarstError } from '../../shared/domain/errors.ts';
import { neededFiles } from './needed-files.ts';
import type { HubSettings } from './settings.ts';
import type { Transport } from './transport.ts';

/** What is trusted of an answer: names become paths, so they are checked. */
const sha1 = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const infoSchema = v.object({
  sha: sha1,
  /** How its terms are accepted, false where there are none. */
  gated: v.union([v.literal(false), v.string()]),
  tags: v.optional(v.array(v.string()), []),
});
const fileSchema = v.object({
  type: v.literal('file'),
  path: v.pipe(v.string(), v.regex(/^[\w.-]+$/)),
  size,
  oid: sha1,
  lfs: v.exactOptional(v.object({ oid: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), size })),
});

/** A file of the hub, with what proves its content. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Of large files the sha256, of others the id as a blob of git; its name in the cache. */
  readonly hash: string;
}

/** What getting a model means, as the hub says it. */
export interface HubListing {
  /** `timm/vit_tiny…` */
  readonly address: string;
  /** The commit. */
  readonly revision: string;
  readonly gated: boolean;
  /** The hub's word for the licence (`apache-2.0`). */
  readonly licence: string | null;
  /** Those that are needed. */
  readonly files: readonly HubFile[];
}

/** Asks the hub for a model's newest commit and its files. @throws unreachable, access-refused, … */
export async function listModel(
  address: string,
  settings: HubSettings,
  { fetch }: Transport,
): Promise<HubListing> {
  const hubUrl = settings.endpoint.origin;
  const said: unknown = await modelInfo({
    name: address,
    additionalFields: ['sha', 'tags'],
    hubUrl,
    fetch,
  });
  const info = v.safeParse(infoSchema, said);
  if (!info.success) throw notTheHub(settings, info.issues[0].message);
  const { sha: revision, gated, tags } = info.output;
  const files: HubFile[] = [];
  for await (const entry of listFiles({ repo: address, revision, hubUrl, fetch })) {
    const file = v.safeParse(fileSchema, entry);
    // Folders, and files whose names are no weights' names.
    if (!file.success) continue;
    const { path, size: bytes, oid, lfs } = file.output;
    files.push({ path, bytes: lfs?.size ?? bytes, hash: lfs?.oid ?? oid });
  }
  const licence = tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length) ?? null;
  const needed = neededFiles(files);
  if (needed.length === 0) throw noWeights(address, files);
  return { address, revision, gated: gated !== false, licence, files: needed };
}

function noWeights(address: string, files: readonly HubFile[]): KarstError {
  const some = files.slice(0, 6).map(({ path }) => path);
  return new KarstError(
    'format-unsupported',
    `${address} has no weights that the studio reads; it has ${some.join(', ') || 'no files'}${files.length > some.length ? ' and others' : ''}.`,
    { hint: 'It reads model.safetensors, open_clip_model.safetensors and pytorch_model.bin.' },
  );
}

function notTheHub({ endpoint }: HubSettings, detail: string): KarstError {
  return new KarstError(
    'unreachable',
    `${endpoint.host} does not answer as the hub does (${detail}).`,
    { hint: 'Check HF_ENDPOINT; remove it for the hub itself.' },
  );
}
