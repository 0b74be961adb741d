import type { CommandContext } from './context.ts';

/** A file of `commands`. `run` gets arguments and options, and resolves to an exit code or nothing. */
interface CommandModule {
  readonly run: (context: CommandContext, ...args: never[]) => Promise<unknown>;
}

/** Makes a commander action of a command, which is loaded when it is run. */
export type Runs = (load: () => Promise<CommandModule>) => (...args: unknown[]) => Promise<void>;
