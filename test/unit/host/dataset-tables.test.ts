import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DatasetImport } from '../../../main/host/contract/datasets.ts';
import { linesOf } from '../../../main/host/services/datasets/text.ts';
import { refusal, studioIn, temporaryFolder, writeImage } from './support.ts';

const studio = () => studioIn(join(temporaryFolder(), 'home'));

async function add(path: string, encoding?: string): Promise<DatasetImport> {
  return (await studio()).datasets.add(path, { name: 'x', val: 0, encoding });
}

/** Writes a table next to the images that it names. */
async function table(
  name: string,
  files: readonly string[],
  content: string | Buffer,
): Promise<string> {
  const root = temporaryFolder();
  for (const [i, file] of files.entries()) await writeImage(join(root, file), i);
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const classes = ({ dataset }: DatasetImport): string[] =>
  dataset.classes.map((c) => `${c.name} ${c.train}/${c.val}/${c.test}`);
const told = ({ problems }: DatasetImport): string[] =>
  problems.map((p) => `${p.kind} ${p.line ?? ''}`);

describe('the separator of a table', () => {
  it.each([
    [
      'a semicolon, with commas in the labels',
      'file_name;label\n0.png;Red, dark\n1.png;Red, light',
      ['Red, dark 1/0/0', 'Red, light 1/0/0'],
    ],
    [
      'a comma, with semicolons in the files',
      'file_name,label\nIMG;2.png,cat\n1.png,dog',
      ['cat 1/0/0', 'dog 1/0/0'],
    ],
    ['a tab', 'file_name\tlabel\n0.png\ta,b;c\n1.png\td', ['a,b;c 1/0/0', 'd 1/0/0']],
    [
      'quoted where it is no separator',
      'file_name,label\n"0.png","cat, indoor; x"\n1.png,"12"" pipe"',
      ['12" pipe 1/0/0', 'cat, indoor; x 1/0/0'],
    ],
  ])('is decided by its first line: %s', async (_, text, expected) => {
    const path = await table('t.csv', ['0.png', '1.png', 'IMG;2.png'], text);
    const result = await add(path);
    expect(classes(result)).toEqual(expected);
    expect(result.problems).toEqual([]);
  });

  it('in a row too often makes a bad line, never a class', async () => {
    const path = await table(
      't.csv',
      ['0.png', '1.png', '2.png'],
      'file_name,label\n0.png,Elm\n1.png,Ash\n2.png,Oak, red\n',
    );
    const result = await add(path);
    expect(classes(result)).toEqual(['Ash 1/0/0', 'Elm 1/0/0']);
    expect(told(result)).toEqual(['bad-line 4']);
    expect(result.problems[0]?.reason).toContain('3 fields');
  });
});

describe('what a table says', () => {
  it.each([
    'Filename,Label',
    'file_name, label',
    'image_path,CLASS',
    'File name,Class name',
    'img-path,category',
  ])('is found under %s', async (head) => {
    const path = await table('t.csv', ['0.png', '1.png'], `${head}\n0.png, cat\n1.png, dog`);
    expect(classes(await add(path))).toEqual(['cat 1/0/0', 'dog 1/0/0']);
  });

  it('is refused with the columns found and those needed', async () => {
    const path = await table('t.csv', ['0.png'], 'wetland,score\n0.png,3\n');
    const { message, hint } = await refusal(add(path), 'dataset-unusable');
    expect(message).toContain('"wetland", "score"');
    expect(hint).toContain('file_name');
    const json = await table('t.jsonl', ['0.png'], '{"a": 1}\n{"a": 2}\n');
    expect((await refusal(add(json), 'dataset-unusable')).message).toContain('"a"');
  });

  it('in the words that every object has is a word like others', async () => {
    const words = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'];
    const files = words.map((_, i) => `${i}.png`);
    const rows = words.map((word, i) => `${i}.png,${word},${word}`);
    const bad = await table(
      't.csv',
      [...files, 'a.png', 'b.png'],
      ['file_name,label,split', ...rows, 'a.png,a,train', 'b.png,b,'].join('\n'),
    );
    const result = await add(bad);
    expect(told(result)).toEqual(words.map((_, i) => `bad-line ${i + 2}`));
    expect(classes(result)).toEqual(['a 1/0/0', 'b 1/0/0']);
    // Names of object properties are valid as labels and as column names.
    const good = await table(
      't.csv',
      files,
      [
        'file_name,label,__proto__,constructor',
        ...words.map((word, i) => `${i}.png,${word},x,y`),
      ].join('\n'),
    );
    expect(classes(await add(good))).toEqual([...words].sort().map((word) => `${word} 1/0/0`));
    const json = await table(
      't.jsonl',
      files,
      words
        .map((word, i) => `{"__proto__":{"label":"no"},"file_name":"${i}.png","label":"${word}"}`)
        .join('\n'),
    );
    expect(classes(await add(json))).toEqual([...words].sort().map((word) => `${word} 1/0/0`));
  });

  it('holds one inch sign as it is', async () => {
    const path = await table(
      't.csv',
      ['17" screen.png', '1.png'],
      'file_name,label\n17" screen.png,screen\n1.png,24" table\n',
    );
    const result = await add(path);
    expect(classes(result)).toEqual(['24" table 1/0/0', 'screen 1/0/0']);
    expect(result.problems).toEqual([]);
  });

  it('is never several lines in one cell', async () => {
    const path = await table(
      't.csv',
      ['0.png', '1.png', '2.png', '3.png'],
      'file_name,label\n0.png,a\n"1.png,b\n2.png,c",x\n3.png,d\n',
    );
    const result = await add(path);
    expect(classes(result)).toEqual(['a 1/0/0', 'd 1/0/0']);
    expect(told(result)).toEqual(['bad-line 4']);
  });

  it('separates folders by backslashes where no file has one in its name', async () => {
    const rows = ['train\\cat\\0.png', '.\\dog\\1.png'];
    const files = ['train/cat/0.png', 'dog/1.png'];
    const csv = await table('t.csv', files, `file_name,label\n${rows[0]},cat\n${rows[1]},dog\n`);
    expect(classes(await add(csv))).toEqual(['cat 1/0/0', 'dog 1/0/0']);
    const json = await table(
      't.jsonl',
      files,
      rows.map((file_name, label) => JSON.stringify({ file_name, label })).join('\n'),
    );
    expect(classes(await add(json))).toEqual(['0 1/0/0', '1 1/0/0']);
    if (process.platform === 'win32') return;
    const named = await table('t.csv', ['a\\0.png', 'a/0.png'], 'file_name,label\na\\0.png,cat\n');
    const opened = await studio();
    await opened.datasets.add(named, { name: 'x', val: 0 });
    expect([...opened.datasets.images('x')].map(({ path }) => path)).toEqual([
      join(dirname(named), 'a\\0.png'),
    ]);
  });
});

describe('text', () => {
  const CSV = 'file_name,label\n0.png,Bär\n1.png,Bör\n';
  const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');

  it.each([
    ['UTF-16 with a mark', utf16(CSV)],
    ['big-endian UTF-16 with a mark', utf16(CSV).swap16()],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${CSV}`)],
  ])('in %s is read', async (_, bytes) => {
    const path = await table('t.csv', ['0.png', '1.png'], bytes);
    expect(classes(await add(path))).toEqual(['Bär 1/0/0', 'Bör 1/0/0']);
    // The byte order mark takes precedence over the encoding given by the user.
    expect(classes(await add(path, 'windows-1252'))).toEqual(['Bär 1/0/0', 'Bör 1/0/0']);
  });

  const GBK = Buffer.concat([
    Buffer.from('file_name,label\n0.png,'),
    Buffer.from([0xb9, 0xb7]),
    Buffer.from('\n1.png,'),
    Buffer.from([0xc3, 0xa8]),
    Buffer.from('\n'),
  ]);

  it.each([
    ['t.csv', Buffer.from(CSV, 'latin1'), 2, 'windows-1252', ['Bär', 'Bör']],
    ['t.csv', GBK, 2, 'gbk', ['狗', '猫']],
    [
      't.jsonl',
      Buffer.from(
        '{"file_name":"0.png","label":"a"}\n{"file_name":"1.png","label":"Bör"}\n',
        'latin1',
      ),
      2,
      'windows-1252',
      ['Bör', 'a'],
    ],
    [
      't.json',
      Buffer.from(
        '[{"file_name":"0.png","label":"a"},\n\n{"file_name":"1.png","label":"Bör"}]',
        'latin1',
      ),
      3,
      'iso-8859-1',
      ['Bör', 'a'],
    ],
    ['train.txt', Buffer.from('0.png a\r1.png Bör\r', 'latin1'), 2, 'windows-1252', ['Bör', 'a']],
    ['t.csv', Buffer.from(CSV, 'utf16le'), 1, 'utf-16le', ['Bär', 'Bör']],
  ])(
    '%s in another encoding is refused with the line, and read in the code page that is said',
    async (name, bytes, line, encoding, expected) => {
      const path = await table(name, ['0.png', '1.png'], bytes);
      const { message, option } = await refusal(add(path), 'dataset-unusable');
      expect(message).toBe(`Line ${line} of ${path} is not text in UTF-8.`);
      expect(option).toContain('--encoding');
      expect(await (await studio()).datasets.preview(path)).toEqual({
        kind: 'encoding',
        path,
        line,
        encoding: 'utf-8',
      });
      expect((await add(path, encoding)).dataset.classes.map((c) => c.name).sort()).toEqual(
        [...expected].sort(),
      );
      await refusal(add(path, 'klingon'), 'usage');
    },
  );
});

describe('long texts', () => {
  it('a table of 130,000 rows whose files are missing is refused with the reason', async () => {
    const rows = Array.from({ length: 130_000 }, (_, i) => `${i}.png,${i % 2}`);
    const path = await table('t.csv', [], `file_name,label\n${rows.join('\n')}\n`);
    const { message } = await refusal(add(path), 'dataset-unusable');
    expect(message).toContain('None of the 130000 files');
  });

  it('a line that has no end is one bad line and never held as a whole', async () => {
    const endless = Buffer.alloc(16 * 2 ** 20, 'x');
    const text = Buffer.concat([
      Buffer.from('0.png a\n1.png b\n'),
      endless,
      Buffer.from('\n2.png a'),
    ]);
    const path = await table('train.txt', ['0.png', '1.png', '2.png'], text);
    const lines: (string | null)[] = [];
    for await (const line of linesOf(path, {})) lines.push(line.text);
    expect(lines).toEqual(['0.png a', '1.png b', null, '2.png a']);
    const result = await add(path);
    expect(told(result)).toEqual(['bad-line 3']);
    expect(classes(result)).toEqual(['a 2/0/0', 'b 1/0/0']);
    const csv = await table(
      't.csv',
      ['0.png'],
      Buffer.concat([Buffer.from('file_name,label\n0.png,a\n'), endless]),
    );
    expect((await refusal(add(csv), 'file-damaged')).message).toContain('line');
    const json = await table(
      't.jsonl',
      ['0.png'],
      Buffer.concat([Buffer.from('{"file":"0.png","label":1}\n'), endless]),
    );
    expect(told(await add(json))).toEqual(['bad-line 2']);
  });

  it('ends of lines of all systems are ends, at the border of two pieces too', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `${i} ${'y'.repeat(i % 97)}`.trim());
    const path = await table('t.txt', [], lines.join('\r\n'));
    const found: string[] = [];
    for await (const { text, number } of linesOf(path, {})) {
      found.push(text ?? '');
      expect(number).toBe(found.length);
    }
    expect(found).toEqual(lines);
  });
});

describe('tables for each split in one folder', () => {
  const HEAD = 'file_name,label';
  /** A folder with the tables, and the images `0.png` to `5.png` in `place`. */
  async function folder(tables: Readonly<Record<string, string>>, place = ''): Promise<string> {
    const root = temporaryFolder();
    for (let i = 0; i < 6; i++) await writeImage(join(root, place, `${i}.png`), i);
    for (const [name, text] of Object.entries(tables)) writeFileSync(join(root, name), text);
    return root;
  }
  const TRAIN = `${HEAD}\n0.png,cat\n1.png,dog\n2.png,cat`;
  const ALL = {
    'train.csv': TRAIN,
    'val.csv': `${HEAD}\n3.png,dog`,
    'Testing_set.csv': `${HEAD}\n4.png,cat`,
  };

  it.each(['', 'images', 'photos'])('are its splits, with the files in "%s"', async (place) => {
    const result = await add(await folder(ALL, place));
    expect(classes(result)).toEqual(['cat 2/0/1', 'dog 1/1/0']);
    expect(result.dataset.layout).toBe('table');
    expect(result.problems).toEqual([]);
  });

  it('say the classes of train/ and test/ that hold images alone', async () => {
    const root = temporaryFolder();
    for (let i = 0; i < 3; i++) await writeImage(join(root, 'train', `${i}.png`), i);
    await writeImage(join(root, 'test', '0.png'), 9);
    writeFileSync(join(root, 'train.csv'), TRAIN);
    writeFileSync(join(root, 'test.csv'), `${HEAD}\n0.png,dog`);
    expect(classes(await add(root))).toEqual(['cat 2/0/0', 'dog 1/0/1']);
  });

  it('leave one without classes and others aside, and name them', async () => {
    const root = await folder({
      'train.csv': TRAIN,
      'test.csv': 'id,size\n4.png,3',
      'sample_submission.csv': 'id,label\n4.png,cat',
    });
    const result = await add(root);
    // The only table specifies no split, so the split may be drawn.
    expect(classes(result)).toEqual(['cat 2/0/0', 'dog 1/0/0']);
    expect(result.problems.map(({ kind, path }) => [kind, path])).toEqual([
      ['ignored', join(root, 'sample_submission.csv')],
      ['ignored', join(root, 'test.csv')],
    ]);
    const drawn = await (await studio()).datasets.add(root, { name: 'y', val: 0.34 });
    expect(drawn.dataset.counts.val).toBeGreaterThan(0);
  });

  it('give way to class folders within the folders of the splits', async () => {
    const root = await folder(ALL);
    for (const [i, place] of ['train/a', 'train/b', 'test/a', 'test/b'].entries())
      await writeImage(join(root, place, 'x.png'), 10 + i);
    const result = await add(root);
    expect(classes(result)).toEqual(['a 1/0/1', 'b 1/0/1']);
    expect(result.problems.map(({ path }) => path)).toContain(join(root, 'train.csv'));
  });

  it('are not guessed: two for one split, none for training, other names', async () => {
    const twice = await folder({ ...ALL, 'training.tsv': TRAIN.replaceAll(',', '\t') });
    expect((await refusal(add(twice), 'dataset-unusable')).message).toMatch(
      /two tables for the same split: train.csv and training.tsv/,
    );
    for (const tables of [
      { 'val.csv': TRAIN, 'test.csv': TRAIN },
      { 'a.csv': TRAIN, 'train.csv': TRAIN },
    ]) {
      const { message } = await refusal(add(await folder(tables)), 'dataset-unusable');
      expect(message).toContain('holds 2 tables');
    }
  });
});
