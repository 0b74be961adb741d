import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { processorIsas } from '../../../main/platform/kernels.mjs';
import { lastLines, runCommand } from '../../../main/setup/command.mjs';
import { compilerCommand } from '../../../main/setup/prerequisites.mjs';
import { kernelFlags, nativeSources } from '../../fixtures/native/kernel-sources.ts';
import { partOptions } from '../../parts.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = mkdtempSync(join(tmpdir(), 'karst-sanitizers-'));
const { seed } = partOptions();

/** Sets of compatible sanitizers, with rounds of random sizes; ThreadSanitizer is slower. */
const SANITIZERS = [
  { watch: 'address,undefined', rounds: 25 },
  { watch: 'thread', rounds: 8 },
] as const;

/**
 * A program under test: the C++ of an addon without its Node and XLA bindings, linked with a
 * driver.
 */
interface Subject {
  readonly name: string;
  readonly sources: 'kernels' | 'pixels';
  readonly driver: string;
  readonly flags: readonly string[];
  /** Thread pool sizes of the kernels; one run for each. */
  readonly threads: readonly number[];
}

const SUBJECTS: readonly Subject[] = [
  ...processorIsas().map((isa) => ({
    name: `kernels ${isa}`,
    sources: 'kernels' as const,
    driver: 'kernels-driver.cc',
    flags: kernelFlags(isa),
    threads: [1, 2, 3, 5],
  })),
  {
    name: 'pixels',
    sources: 'pixels',
    driver: 'pixels-driver.cc',
    flags: ['-ffp-contract=off'],
    threads: [1],
  },
];

async function build({ name, sources, driver, flags }: Subject, watch: string): Promise<string> {
  const compiler = compilerCommand();
  if (compiler === null)
    return expect.fail(
      'There is no C++ compiler to build the kernels with: install g++ 11 or newer.',
    );
  const program = join(FOLDER, `${name} ${watch}`);
  const files = nativeSources(sources).filter((path) => !path.endsWith('addon.cc'));
  const { code, output } = await runCommand(compiler.command, [
    ...['-std=c++17', '-O1', '-g', '-pthread', '-w', ...flags],
    ...[`-fsanitize=${watch}`, '-fno-sanitize-recover=all'],
    ...[...files, join(ROOT, 'test', 'full', 'sanitizers', driver), '-o', program],
  ]);
  if (code !== 0)
    return expect.fail(
      `${compiler.command} does not build ${name} with -fsanitize=${watch}; where it lacks the sanitizer's library, install that ` +
        `(Debian: it comes with g++; Fedora: libasan, libubsan, libtsan). It says:\n${lastLines(output)}`,
    );
  return program;
}

async function run(
  program: string,
  rounds: number,
  threads: number,
): Promise<Awaited<ReturnType<typeof runCommand>>> {
  const args = [String(rounds), String(seed)];
  const env = {
    ...process.env,
    TF_NUM_INTRAOP_THREADS: String(threads),
    TSAN_OPTIONS: 'halt_on_error=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  const result = await runCommand(program, args, { env });
  // GCC's ThreadSanitizer fails with this message if Linux randomises more address bits than it
  // supports.
  if (!result.output.includes('unexpected memory mapping')) return result;
  if (!existsSync('/usr/bin/setarch'))
    return expect.fail(
      'ThreadSanitizer cannot run with addresses spread as widely as on this system, and there is no setarch (util-linux) to have them otherwise.',
    );
  return runCommand('/usr/bin/setarch', ['-R', program, ...args], { env });
}

/**
 * The engine's C++ code under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer, for
 * each ISA of this processor.
 */
describe('the compiled code', () => {
  afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

  const runs = SUBJECTS.flatMap((subject) =>
    SANITIZERS.map(({ watch, rounds }) => ({ name: subject.name, watch, rounds, subject })),
  );

  it.each(runs)('$name is right under -fsanitize=$watch', async ({ subject, watch, rounds }) => {
    const program = await build(subject, watch);
    let calls = 0;
    for (const threads of subject.threads) {
      const { code, signal, output } = await run(program, rounds, threads);
      expect(code, `${String(threads)} threads, ${signal ?? ''}\n${output.slice(-8000)}`).toBe(0);
      calls += Number(/^(\d+) (?:calls|images)$/m.exec(output)?.[1]);
    }
    expect(calls).toBeGreaterThan(subject.threads.length * rounds * 40);
    process.stdout.write(`${subject.name}, ${watch}: ${String(calls)} calls\n`);
  });
});
