import type { CommandContext } from './context.ts';

/** Makes a commander action of a command, which resolves to its exit code or to nothing. */
export type Runs = (
  command: (context: CommandContext, ...args: never[]) => Promise<unknown>,
) => (...args: unknown[]) => Promise<void>;
