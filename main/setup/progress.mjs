/**
 * Prints set-up progress to standard error, since the command that follows may print JSON to
 * standard output. Rewrites the current line on a terminal; otherwise prints a line per step and
 * per 10 %.
 */
export class Progress {
  #stream;
  #live;
  #label = '';
  #lastTenth = -1;
  #lastDraw = 0;

  /** @param {{ write(text: string): unknown, isTTY?: boolean }} [stream] */
  constructor(stream = process.stderr) {
    this.#stream = stream;
    this.#live = stream.isTTY === true;
  }

  /**
   * Begins a step.
   * @param {string} label what is being done, e.g. "Downloading TensorFlow 2.21.0"
   */
  start(label) {
    this.#label = label;
    this.#lastTenth = -1;
    this.#lastDraw = 0;
    this.#stream.write(this.#live ? `\r\x1b[K… ${label}` : `… ${label}\n`);
  }

  /**
   * Updates the progress of the step.
   * @param {number} done
   * @param {number} total
   * @param {'bytes' | 'files' | 'packages' | 'addons'} unit
   */
  advance(done, total, unit) {
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const amount =
      unit === 'bytes'
        ? `${megabytes(done)} of ${megabytes(total)} MB`
        : `${done} of ${total} ${unit}`;
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    if (this.#live) {
      const now = Date.now();
      if (now - this.#lastDraw < 100 && share < 1) return;
      this.#lastDraw = now;
      const filled = Math.round(share * 20);
      const bar = '█'.repeat(filled) + '░'.repeat(20 - filled);
      this.#stream.write(`\r\x1b[K… ${this.#label}  ${bar} ${percent}  ${amount}`);
      return;
    }
    const tenth = Math.floor(share * 10);
    if (tenth === this.#lastTenth || tenth === 0) return;
    this.#lastTenth = tenth;
    this.#stream.write(`  ${percent}  ${amount}\n`);
  }

  /** @param {string} result message that replaces the step's label */
  finish(result) {
    this.#stream.write(this.#live ? `\r\x1b[K✓ ${result}\n` : `✓ ${result}\n`);
  }

  /** Ends the live line, so that further output starts on a new one. */
  breakLine() {
    if (this.#live) this.#stream.write('\n');
  }
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}
