import { computed, type Ref } from 'vue';
import type { DatasetPreview } from '../../../shared/contract/window/dataset-source.ts';
import type { Input } from '../../../shared/contract/window/procedures.ts';
import { useBridge } from '../../bridge/index.ts';
import { useLook, type Answers, type Look } from './use-look.ts';

export interface SourcePreview extends Look<DatasetPreview> {
  /** The source with the answers about it. */
  readonly source: Readonly<Ref<Input<'datasets.preview'>>>;
}

/** A path with the answers about it: a folder inside it, or a layout. */
function sourceOf(path: string, { reading, encoding }: Answers): Input<'datasets.preview'> {
  const { path: inside, as } = reading ?? { path, as: null };
  return {
    path: as === null ? inside : path,
    ...(as === null ? {} : { as }),
    ...(encoding === null ? {} : { encoding }),
  };
}

/** Looks at what an import makes of a folder or list. */
export function useSourcePreview(path: Readonly<Ref<string>>): SourcePreview {
  const bridge = useBridge();
  const looked = useLook<DatasetPreview>(
    (answers) => {
      const source = sourceOf(path.value, answers);
      return source.path === '' ? null : bridge.call('datasets.preview', source);
    },
    (result) => (result.kind === 'outlook' ? result.outlook : null),
    () => path.value,
  );
  return { ...looked, source: computed(() => sourceOf(path.value, looked.answers.value)) };
}
