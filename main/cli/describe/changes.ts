import { counted } from '../../../shared/domain/counted.ts';
import type { DatasetChanges } from '../../../shared/domain/library.ts';
import type { Console } from '../output/console.ts';
import { formatCount } from '../output/format.ts';
import { table } from '../output/table.ts';

/** What is found in the sources of a dataset, one line a kind; empty if nothing is. */
export function describeChanges(changes: DatasetChanges, console: Console): string[] {
  const { added, classes, changed, missing, unreadable, back, known, unlisted } = changes;
  const lines = [
    added > 0
      ? `${counted(added, 'new image')} in ${counted(classes.length, 'class', 'classes')}`
      : '',
    changed > 0 ? `${counted(changed, 'image')} with another content` : '',
    back > 0 ? `${counted(back, 'image')} usable again` : '',
    missing > 0 ? `${counted(missing, 'image')} missing` : '',
    unreadable > 0 ? `${counted(unreadable, 'image')} not readable` : '',
    known > 0 ? `${counted(known, 'image')} already in it` : '',
    unlisted > 0 ? `${counted(unlisted, 'image')} no longer named by the source; they stay` : '',
  ].filter((line) => line !== '');
  if (added === 0) return lines;
  const rows = classes.map(({ name, images, isNew }) => [
    name,
    formatCount(images),
    isNew ? 'new class' : '',
  ]);
  const columns = [{ title: 'class' }, { title: 'new', align: 'right' as const }, { title: '' }];
  return [...lines, '', ...table(columns, rows, console.dim)];
}

/** Whether there is nothing to take. */
export function isNothing(changes: DatasetChanges): boolean {
  const { added, changed, missing, unreadable, back } = changes;
  return added + changed + missing + unreadable + back === 0;
}
