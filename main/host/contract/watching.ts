import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';

export interface Progress {
  /** A sentence fragment: "hashing model.safetensors". */
  readonly phase:
    | 'surveying'
    | 'listing'
    | 'checking'
    | 'saving'
    | 'downloading'
    | 'hashing'
    | 'packing'
    | 'unpacking';
  readonly done: number;
  /** 0 while unknown. Files, folders for `surveying`, or bytes for `downloading`, `hashing`, `packing` and `unpacking`. */
  readonly total: number;
}

export type ProgressListener = (progress: Progress) => void;

/** Options of long operations. */
export interface Watching {
  readonly onProgress?: ProgressListener;
  /** Aborting undoes partial work and rejects with `cancelled`. */
  readonly signal?: AbortSignal;
}

/** Options of operations that start an engine. */
export interface JobWatching extends Watching {
  /** Called with every validated event of the engine. */
  readonly onEvent?: (event: EngineEvent) => void;
}

/** Part of a long list. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}
