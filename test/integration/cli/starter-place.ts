import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zipOf, type ZipEntry } from '../../fixtures/zip.ts';
import { someDigits, workplace } from './karst.ts';

/** Test environment of `karst starter`: 36 training images and 12 test images in three classes. */
export interface StarterPlace {
  readonly folder: string;
  readonly home: string;
  readonly images: readonly ZipEntry[];
  zip(name: string, entries: readonly ZipEntry[]): string;
  /** Arguments of the command; `out` is the name of the output folder. */
  starter(source: string, out: string, ...more: string[]): string[];
  remove(): Promise<void>;
}

export async function starterPlace(): Promise<StarterPlace> {
  const { folder, remove } = await workplace();
  const home = path.join(folder, 'home');
  for (const [split, each] of [
    ['train', 12],
    ['test', 4],
  ] as const)
    someDigits(path.join(folder, 'digits', split), 3, each);
  const images = readdirSync(path.join(folder, 'digits'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.png'))
    .map((name) => ({ name, data: readFileSync(path.join(folder, 'digits', name)) }));
  return {
    ...{ folder, home, images, remove },
    zip(name, entries) {
      const file = path.join(folder, name);
      writeFileSync(file, zipOf(entries));
      return file;
    },
    starter: (source, out, ...more) => [
      ...['starter', '--home', home, '--images', source, '--out', path.join(folder, out), ...more],
    ],
  };
}
