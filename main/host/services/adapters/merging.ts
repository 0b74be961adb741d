import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../../formats/files.ts';
import { type ExportFormat } from '../../../../shared/domain/export-formats.ts';
import { MODEL_OPTIONS, type Precision } from '../../../../shared/domain/export-target.ts';
import type { Adapter, StoredExport, StoredMerge } from '../../../../shared/domain/library.ts';
import { packKarstFile } from '../../../formats/karst-file.ts';
import type { ExportOutcome, MergeOutcome, MergingService } from '../../contract/adapters.ts';
import type { HomeFolders } from '../../home.ts';
import type { AdapterRepository } from '../../store/adapters.ts';
import type { ExportRepository } from '../../store/exports.ts';
import type { Library } from '../../store/library.ts';
import type { MergeRepository } from '../../store/merges.ts';
import { newId } from '../../store/names.ts';
import { now } from '../../store/rows.ts';
import { writingInto } from '../leftovers.ts';
import { fileNameFor, requireNewPath } from './adapter-jobs.ts';
import { copyAdapter } from './adapters.ts';
import type { MergedModels, MergeOptions } from './merged-models.ts';

export interface MergingContext {
  readonly library: Pick<Library, 'readOnly' | 'requireWritable'>;
  readonly folders: HomeFolders;
  readonly adapters: Pick<AdapterRepository, 'get'>;
  readonly merges: MergeRepository;
  readonly exports: ExportRepository;
  readonly models: MergedModels;
}

const COPIED = { verification: null, notes: [] } as const;

/** Merges and exports adapters, and records where they were written. */
export class Merging implements MergingService {
  readonly #c: MergingContext;

  constructor(context: MergingContext) {
    this.#c = context;
  }

  async merge(
    nameOrId: string,
    { names = 'timm', ...options }: MergeOptions & { names?: 'timm' | 'hf'; out?: string } = {},
  ): Promise<MergeOutcome> {
    const adapter = this.#c.adapters.get(nameOrId);
    const { folders, library, merges } = this.#c;
    const id = newId('merge');
    if (options.out === undefined) {
      library.requireWritable();
      await makeFolder(folders.merged);
    }
    const out =
      options.out === undefined
        ? join(folders.merged, `${fileNameFor(adapter.name)}-${id}`)
        : resolve(options.out);
    const { verification, notes } = await writingInto(folders, dirname(out), () =>
      this.#c.models.intoFolder(adapter, out, {
        ...options,
        target: { format: names, options: {} },
      }),
    );
    const stored: StoredMerge = { id, adapterId: adapter.id, out, verification, createdAt: now() };
    if (!library.readOnly) merges.insert(stored);
    return { out, verification, notes, stored };
  }

  async export(
    nameOrId: string,
    options: MergeOptions & { format: ExportFormat; precision?: Precision; out: string },
  ): Promise<ExportOutcome> {
    const adapter = this.#c.adapters.get(nameOrId);
    const { format } = options;
    const out = resolve(options.out);
    const { verification, notes } = await writingInto(this.#c.folders, dirname(out), () =>
      this.#export(adapter, out, options),
    );
    const stored: StoredExport = {
      id: newId('export'),
      adapterId: adapter.id,
      format,
      out,
      verification,
      createdAt: now(),
    };
    if (!this.#c.library.readOnly) this.#c.exports.insert(stored);
    return { out, verification, notes, stored };
  }

  /** Formats that are plain copies have no verification. */
  async #export(
    adapter: Adapter,
    out: string,
    options: MergeOptions & { format: ExportFormat; precision?: Precision },
  ): Promise<Pick<ExportOutcome, 'verification' | 'notes'>> {
    switch (options.format) {
      case 'adapter':
        await requireNewPath(out);
        await copyAdapter(adapter.folder, out);
        return COPIED;
      case 'karst': {
        const { signal, onProgress } = options;
        await requireNewPath(out);
        await packKarstFile(adapter.folder, fileNameFor(adapter.name), out, {
          signal,
          onBytes: (done, total) => onProgress?.({ phase: 'packing', done, total }),
        });
        return COPIED;
      }
      case 'onnx': {
        const { precision = MODEL_OPTIONS.onnx.defaults.precision } = options;
        const target = { format: options.format, options: { precision } };
        return this.#c.models.intoFolder(adapter, out, { ...options, target });
      }
      case 'timm':
      case 'hf':
      case 'savedmodel':
        return this.#c.models.intoFolder(adapter, out, {
          ...options,
          target: { format: options.format, options: {} },
        });
    }
  }
}
