/** Selected positions of a list, as in file managers. `anchor` is where Shift extends from. */
export interface Selection {
  readonly chosen: ReadonlySet<number>;
  readonly anchor: number;
}

export const NO_SELECTION: Selection = { chosen: new Set(), anchor: 0 };

export interface Keys {
  readonly shift: boolean;
  /** Ctrl, or Cmd on a Mac. */
  readonly add: boolean;
}

/** The selection after a click on a position. */
export function clicked(selection: Selection, index: number, keys: Keys): Selection {
  if (keys.shift) return { chosen: rangeOf(selection.anchor, index), anchor: selection.anchor };
  if (!keys.add) return { chosen: new Set([index]), anchor: index };
  const chosen = new Set(selection.chosen);
  if (!chosen.delete(index)) chosen.add(index);
  return { chosen, anchor: index };
}

export function allOf(total: number): Selection {
  return total === 0 ? NO_SELECTION : { chosen: rangeOf(0, total - 1), anchor: 0 };
}

function rangeOf(a: number, b: number): Set<number> {
  const first = Math.min(a, b);
  return new Set(Array.from({ length: Math.abs(a - b) + 1 }, (_, offset) => first + offset));
}

/** The position that a key moves to in a grid; null for other keys. */
export function movedTo(key: string, index: number, columns: number, total: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -total,
    End: total,
  };
  const step = steps[key];
  if (step === undefined || total === 0) return null;
  const target = index + step;
  // Up and down stay in their column and stop at the edges.
  if ((key === 'ArrowUp' && target < 0) || (key === 'ArrowDown' && target >= total)) return index;
  return Math.min(total - 1, Math.max(0, target));
}
