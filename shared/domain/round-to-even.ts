/** Python's round of a number ≥ 0: a half goes to the even number. */
export function roundToEven(x: number): number {
  const down = Math.floor(x);
  return x - down === 0.5 ? down + (down % 2) : Math.round(x);
}
