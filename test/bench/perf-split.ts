import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstLineOf, runCommand } from '../../main/setup/command.mjs';

/** Fractions of the processor time of a process. */
export interface PerfSplit {
  /** Matrix products, with the packing of their operands. */
  readonly products: number;
  /** All other operations of the step, and JavaScript. */
  readonly other: number;
  /** Reading, decoding and resizing images. */
  readonly images: number;
  /** The operating system: page faults, memory, files. */
  readonly system: number;
}

/** First matching part of a line `percent object symbol` of `perf report`. */
const PARTS: readonly (readonly [keyof PerfSplit, RegExp])[] = [
  ['system', /^\[(?:kernel|guest|vdso)/],
  ['images', /\b(?:libvips|sharp|libheif|karst_pixels|jpeg|png|webp)/i],
  ['products', /openblas|multiply|matmul|gemm|gebp|\bdot_|karst::pack/i],
];
const LINE = /^\s*(\d+(?:\.\d+)?)%\s+(\S.*)$/;

/** @param report output of `perf report --stdio --sort dso,symbol` */
export function perfSplit(report: string): PerfSplit {
  const sums = { products: 0, other: 0, images: 0, system: 0 };
  for (const text of report.split('\n')) {
    const [, percent, what = ''] = LINE.exec(text) ?? [];
    if (percent === undefined) continue;
    const part = PARTS.find(([, pattern]) => pattern.test(what))?.[0] ?? 'other';
    sums[part] += Number(percent) / 100;
  }
  return sums;
}

/** Samples the engine of a `karst train` with Linux' `perf`, until it is stopped. */
export class PerfSample {
  readonly #folder: string;
  readonly #recorder: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(pid: number) {
    this.#folder = mkdtempSync(join(tmpdir(), 'karst-bench-'));
    const words = ['record', '-F', '199', '-o', this.#file, '-p', String(pid)];
    this.#recorder = spawn('perf', words, { stdio: 'ignore' });
    this.#closed = once(this.#recorder, 'close');
  }

  /** @returns null if there is no `perf` here, or no engine */
  static start(karst: ChildProcess): PerfSample | null {
    if (firstLineOf('perf', ['--version']) === null) return null;
    const engine = firstChildOf(karst.pid);
    return engine === null ? null : new PerfSample(engine);
  }

  get #file(): string {
    return join(this.#folder, 'perf.data');
  }

  stop(): void {
    this.#recorder.kill('SIGINT');
  }

  /** @returns null if `perf` was not allowed to sample */
  async split(): Promise<PerfSplit | null> {
    this.stop();
    await this.#closed;
    try {
      const words = ['report', '-i', this.#file, '--stdio', '--sort', 'dso,symbol'];
      const { code, output } = await runCommand('perf', words);
      return code === 0 ? perfSplit(output) : null;
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}

function firstChildOf(pid: number | undefined): number | null {
  if (pid === undefined) return null;
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
  const [first] = children.trim().split(/\s+/);
  return first ? Number(first) : null;
}
