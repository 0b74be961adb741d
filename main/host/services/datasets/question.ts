import type {
  DatasetQuestion,
  DatasetReading,
  LayoutQuestion as LayoutQuestionData,
} from '../../../../shared/contract/window/dataset-source.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';

/**
 * Refuses an import that needs the user's decision; a window asks for it instead of showing the
 * error.
 */
export abstract class ImportQuestion extends KarstError {
  abstract readonly question: DatasetQuestion;
}

/** A text that is not in the encoding it was read in. */
export class EncodingQuestion extends ImportQuestion {
  override readonly question: DatasetQuestion;

  constructor(path: string, encoding: string, line: number) {
    const name = encoding === 'utf-8' ? 'UTF-8' : encoding;
    super('dataset-unusable', `Line ${line} of ${path} is not text in ${name}.`, {
      hint: 'Save the file as UTF-8, or give its encoding, for example windows-1252 or gbk.',
      option: '--encoding windows-1252',
      path,
    });
    this.question = { kind: 'encoding', path, line, encoding };
  }
}

const listed = (names: readonly string[], count: number): string =>
  names.join(', ') + (count > names.length ? `, … (${count})` : '');

function readingInWords({ path, as, classes, classCount, counts }: DatasetReading): string {
  const splits = (['train', 'val', 'test'] as const)
    .filter((split) => counts[split] > 0)
    .map((split) => `${counts[split]} ${split}`);
  if (counts.free > 0) splits.push(`${counts.free} without a split`);
  const made = `makes the classes ${listed(classes, classCount)} (${splits.join(', ')})`;
  return as === null ? `the folder ${path} alone ${made}` : `${as} ${made}`;
}

const WHY: Record<LayoutQuestionData['why'], string> = {
  'splits-in-some': 'some of its folders hold train, val or test folders and others do not',
  'splits-in-each': 'each of its folders holds train, val or test folders of its own',
  'folder-beside-splits': 'beside folders for training and testing there are others with images',
  'splits-without-classes':
    'its folders for training and testing hold no class folders and no metadata.csv',
  'names-repeat': 'the same folder names repeat below several folders',
  'classes-in-classes': 'its folders hold class folders, like a folder of several datasets',
};

/** Folders with an ambiguous layout. */
export class LayoutQuestion extends ImportQuestion {
  override readonly question: DatasetQuestion;

  constructor(question: LayoutQuestionData) {
    const { path, why, folders, readings } = question;
    super(
      'dataset-unusable',
      `It is not clear what the classes of ${path} are: ${WHY[why]} (${folders.join(', ')}).`,
      {
        option: '--as LAYOUT',
        hint: `Choose one: ${readings.map(readingInWords).join('; ')}.`,
        path,
      },
    );
    this.question = question;
  }
}
