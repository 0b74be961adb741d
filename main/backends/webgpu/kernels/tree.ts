/**
 * Functions that combine one number of each thread of a workgroup, in a fixed tree, so that the
 * result is the same each time: `total` and `highest`.
 */
export function treeFunctions(threads: number, type: 'f32' | 'i32' = 'f32'): string {
  const combine = (
    name: string,
    step: string,
  ): string => `fn ${name}(lane: u32, x: ${type}) -> ${type} {
partials[lane] = x;
workgroupBarrier();
for (var half = ${String(threads / 2)}u; half > 0u; half >>= 1u) {
if (lane < half) { partials[lane] = ${step}; }
workgroupBarrier();
}
let all = partials[0];
workgroupBarrier();
return all;
}`;
  return [
    `var<workgroup> partials: array<${type}, ${String(threads)}>;`,
    combine('total', 'partials[lane] + partials[lane + half]'),
    combine('highest', 'max(partials[lane], partials[lane + half])'),
  ].join('\n');
}

/** Threads of a workgroup that combines `count` numbers. */
export function treeThreads(count: number): number {
  return count > 512 ? 256 : 64;
}
