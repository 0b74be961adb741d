import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';

export interface Progress {
  /** A sentence fragment: "hashing model.safetensors". */
  readonly phase: 'listing' | 'checking' | 'saving' | 'hashing' | 'packing' | 'unpacking';
  readonly done: number;
  /** 0 while it is not known. Files, or bytes for `hashing`, `packing` and `unpacking`. */
  readonly total: number;
}

export type ProgressListener = (progress: Progress) => void;

/** Given to everything that takes long. */
export interface Watching {
  readonly onProgress?: ProgressListener;
  /** Aborting leaves nothing half done and rejects with `cancelled`. */
  readonly signal?: AbortSignal;
}

/** Given to everything that starts an engine. */
export interface JobWatching extends Watching {
  /** Every checked event of the engine. */
  readonly onEvent?: (event: EngineEvent) => void;
}

/** Part of a long list. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}
