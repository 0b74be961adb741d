import type { ClassEvent } from '../../../../shared/domain/class-history.ts';
import type { RunClasses } from '../../store/runs.ts';

/** The classes of a dataset: their names by label, and what became of them, in order. */
export interface ClassHistory {
  readonly names: ReadonlyMap<number, string>;
  readonly events: readonly ClassEvent[];
}

/** The label that a class has now: of a merged class that of the one it is part of. */
export function presentLabel({ events }: ClassHistory, label: number): number {
  const into = new Map<number, number>();
  for (const { kind, label: from, intoLabel } of events)
    if (kind === 'merged' && intoLabel !== null) into.set(from, intoLabel);
    else if (kind === 'unmerged') into.delete(from);
  let present = label;
  for (let next = into.get(present); next !== undefined; next = into.get(present)) present = next;
  return present;
}

/** The names of the classes as they were at a time, by label. */
export function namesAt({ names, events }: ClassHistory, at: string): Map<number, string> {
  const former = new Map(names);
  for (const { kind, label, formerName } of events.filter((e) => e.at > at).reverse())
    if (kind === 'added' || kind === 'unmerged') former.delete(label);
    else if (formerName !== null) former.set(label, formerName);
  return former;
}

/** The labels of the classes that ever had a name. */
function everNamed({ names, events }: ClassHistory, name: string): Set<number> {
  const labels = new Set<number>();
  for (const [label, present] of names) if (present === name) labels.add(label);
  for (const { kind, label, formerName, name: since } of events)
    if (formerName === name || (kind !== 'merged' && since === name)) labels.add(label);
  return labels;
}

/** Where labels are now, through merges; null for one that the dataset does not have. */
export function presentLabels(
  history: ClassHistory,
  labels: readonly (number | null)[],
): (number | null)[] {
  return labels.map((label) => {
    const present = label === null ? null : presentLabel(history, label);
    return present !== null && history.names.has(present) ? present : null;
  });
}

/**
 * The labels that classes known by name alone have, or had before they were merged: by the present
 * name, or by a former one if only one class ever had it. Null where there is none, or when another
 * of the names has its class.
 */
export function labelsByName(history: ClassHistory, names: readonly string[]): (number | null)[] {
  const present = new Map([...history.names].map(([label, name]) => [name, label]));
  const taken = new Set(names.flatMap((name) => present.get(name) ?? []));
  return names.map((name) => {
    const label = present.get(name);
    if (label !== undefined) return label;
    const [former, ...others] = everNamed(history, name);
    if (former === undefined || others.length > 0 || taken.has(former)) return null;
    taken.add(former);
    return former;
  });
}

/** The labels that the classes of a run on this dataset had; null for one that is not found. */
export function labelsOfRun(history: ClassHistory, run: RunClasses): (number | null)[] {
  const then = new Map([...namesAt(history, run.createdAt)].map(([label, name]) => [name, label]));
  return run.names.map((name, i) => run.labels?.[i] ?? then.get(name) ?? null);
}
