/**
 * Kinds of problems of a dataset's files, classes and splits: the single list for the store, the
 * bridge and the locales. Libraries store these words, so renaming one needs a migration.
 */
const PROBLEM_KINDS = [
  'unreadable', // unreadable, or not an image; includes truncated files and locked folders
  'missing', // named by a list or imported, but missing
  'changed', // changed since the import
  'duplicate', // the bytes of another image
  'near-duplicate', // looks like another image
  'conflicting-label', // one picture in two classes
  'split-leak', // one picture in two splits
  'wrong-extension', // the extension of another format
  'too-small',
  'too-large',
  'grey', // no colour among coloured images
  'rotated', // shown turned by what reads the orientation otherwise
  'small-class',
  'imbalance', // some classes far larger than others
  'hidden-file', // a hidden file with an image's extension, skipped
  'unsupported-format', // a picture, video or document that is not read
  'loose-image', // beside the class folders
  'broken-link',
  'outside-folder', // named by a list, outside the dataset's folder
  'empty-class',
  'bad-line', // of a list or a table
] as const;

/** Kinds that a check replaces. */
export const CHECKED_KINDS = ['unreadable', 'missing', 'changed'] as const;

/** Skipped on purpose: listed with the problems as a note. */
export const NOTE_KINDS = ['ignored'] as const;

export const FINDING_KINDS = [...PROBLEM_KINDS, ...NOTE_KINDS] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Whether it is a note, which counts neither for `--strict` nor in the window's number. */
export function isNote({ kind }: { readonly kind: FindingKind }): boolean {
  return (NOTE_KINDS as readonly FindingKind[]).includes(kind);
}

/** Number of problems without notes. */
export function countProblems(findings: readonly { readonly kind: FindingKind }[]): number {
  return findings.filter((finding) => !isNote(finding)).length;
}
