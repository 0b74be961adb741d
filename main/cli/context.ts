import type { EngineHandle, EngineSpawner } from '../host/contract/engine.ts';
import type { Studio } from '../host/contract/studio.ts';
import { withInterrupts, type InterruptOptions } from './interrupts.ts';
import type { Console } from './output/console.ts';

/** What every command gets. */
export interface CommandContext {
  /** Absolute path of the studio's data. */
  readonly home: string;
  /** Whether the home was named on the command line (`--home`), for the commands that are printed as advice. */
  readonly homeNamed: boolean;
  readonly console: Console;
  /** Standard input is a terminal, so a question can be answered. */
  readonly interactive: boolean;
}

/**
 * Opens the studio, does `work` with it under Ctrl-C's rules, and closes it whatever happens. The host is
 * imported here and not above, so that usage, help and refusals stay quick and load no native code.
 */
export async function withStudio<T>(
  context: CommandContext,
  work: (studio: Studio, signal: AbortSignal) => Promise<T>,
  interrupts: Pick<InterruptOptions, 'onFirst'> = {},
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
      const studio = await openStudio({ home: context.home, spawn });
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

/** The command line that does something with this home, for hints: "karst runs resume gulls". */
export function advice(context: CommandContext, ...words: readonly string[]): string {
  const all = context.homeNamed ? [...words, '--home', context.home] : words;
  return ['karst', ...all.map(quoted)].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
