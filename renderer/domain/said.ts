import type { Said } from '../../shared/domain/said.ts';

/** Values that mean something for one choice of another value alone. */
const OF_CHOICE: Readonly<Partial<Record<keyof Said, readonly string[]>>> = {
  pool: ['poolHeads', 'poolPrefix'],
  rope: ['ropeTheta', 'ropeReference'],
};

/** What is said of a backbone with one value more: what was said of a former choice goes with it. */
export function withSaid(said: Said, what: keyof Said, value: unknown): Said {
  const kept = Object.entries(said).filter(([key]) => OF_CHOICE[what]?.includes(key) !== true);
  return { ...Object.fromEntries(kept), [what]: value };
}
