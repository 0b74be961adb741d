/**
 * What may be wrong with a dataset's files, classes and splits: the one list, for the store, the bridge and the
 * words of each window language. The import, the check and later quality checks fill it; libraries hold these
 * words, so that none may be renamed without a migration.
 */
const PROBLEM_KINDS = [
  'unreadable', // cannot be read, or not as an image; cut-off files and locked folders, too
  'missing', // named by a list or at import, not there
  'changed', // other bytes than at import
  'duplicate', // the bytes of another image
  'near-duplicate', // looks like another image
  'conflicting-label', // one picture in two classes
  'split-leak', // one picture in two splits
  'wrong-extension', // the ending of another format
  'too-small',
  'too-large',
  'grey', // no colour among coloured images
  'rotated', // shown turned by what reads the orientation otherwise
  'small-class',
  'imbalance', // some classes far larger than others
  'hidden-file', // an image by its ending that is hidden, and so left out
  'outside-folder', // named by a list, outside the dataset's folder
  'empty-class',
  'bad-line', // of a list or a table
] as const;

/** What looking at the images again finds, each time anew. */
export const CHECKED_KINDS = ['unreadable', 'missing', 'changed'] as const;

/** Merely left aside: listed with the problems and told as a note, but no problem. */
export const NOTE_KINDS = ['ignored'] as const;

export const FINDING_KINDS = [...PROBLEM_KINDS, ...NOTE_KINDS] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Whether it is only told, and counts nowhere: not for `--strict`, not in the window's number. */
export function isNote({ kind }: { readonly kind: FindingKind }): boolean {
  return (NOTE_KINDS as readonly FindingKind[]).includes(kind);
}

/** Number of those that are more than notes. */
export function countProblems(findings: readonly { readonly kind: FindingKind }[]): number {
  return findings.filter((finding) => !isNote(finding)).length;
}
