const waiting: (() => void)[] = [];

/** Draws one chart per frame, so that several that change together do not block a frame. */
export function drawInTurn(draw: () => void): void {
  waiting.push(draw);
  if (waiting.length === 1) requestAnimationFrame(next);
}

function next(): void {
  const draw = waiting.shift();
  if (waiting.length > 0) requestAnimationFrame(next);
  draw?.();
}
