const waiting: (() => void)[] = [];

/** Draws in one of the next frames: one chart a frame, so that several which change at once hold up none of them. */
export function drawInTurn(draw: () => void): void {
  waiting.push(draw);
  if (waiting.length === 1) requestAnimationFrame(next);
}

function next(): void {
  const draw = waiting.shift();
  if (waiting.length > 0) requestAnimationFrame(next);
  draw?.();
}
