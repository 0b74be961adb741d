import type { EngineHandle, EngineSpawner } from '../host/contract/engine.ts';
import type { Studio } from '../host/contract/studio.ts';
import { withInterrupts, type InterruptOptions } from './interrupts.ts';
import type { Console } from './output/console.ts';

/** The context of every command. */
export interface CommandContext {
  /** Absolute path of the data folder. */
  readonly home: string;
  /** Whether the home was given by `--home`, for commands printed as hints. */
  readonly homeNamed: boolean;
  readonly console: Console;
  /** Whether standard input is a terminal, so that questions can be asked. */
  readonly interactive: boolean;
}

/**
 * Opens the studio, runs `work` with Ctrl-C handling, and always closes it. The host is imported
 * lazily, so that help and usage errors are fast and load no native code.
 */
export async function withStudio<T>(
  context: CommandContext,
  work: (studio: Studio, signal: AbortSignal) => Promise<T>,
  { warmMs, ...interrupts }: Pick<InterruptOptions, 'onFirst'> & { readonly warmMs?: number } = {},
): Promise<T> {
  const [{ openStudio }, { spawnChildEngine }] = await Promise.all([
    import('../host/open-studio.ts'),
    import('../host/engine/child-engine.ts'),
  ]);
  const engines = new Set<EngineHandle>();
  const spawn: EngineSpawner = (options) => {
    const engine = spawnChildEngine(options);
    engines.add(engine);
    engine.onExit(() => engines.delete(engine));
    return engine;
  };
  return withInterrupts(
    async (signal) => {
      const kept = warmMs === undefined ? {} : { warmMs };
      const studio = await openStudio({ home: context.home, spawn, ...kept });
      try {
        for (const notice of studio.notices) context.console.note(notice);
        return await work(studio, signal);
      } finally {
        await studio.close();
      }
    },
    { ...interrupts, onSecond: () => engines.forEach((engine) => engine.kill()) },
  );
}

/** A command line for this home, for hints: "karst runs resume gulls". */
export function advice(context: CommandContext, ...words: readonly string[]): string {
  const all = context.homeNamed ? [...words, '--home', context.home] : words;
  return ['karst', ...all.map(quoted)].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
