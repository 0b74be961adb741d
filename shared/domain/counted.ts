/** A number with its noun in English: "1 epoch", "12 epochs". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}
