import type { Argument, Command, Option } from 'commander';

const NAMED = ['adapter', 'backbone', 'dataset', 'run'] as const;
export type NamedThing = (typeof NAMED)[number];

export interface Candidate {
  readonly name: string;
  readonly description: string;
}

/**
 * Returns the completions of the last of `words`: commands, options, choices of an option or
 * argument, names of library items, or paths.
 * @param words words of the command line after the program; the last is empty after a space
 */
export async function completionsOf(
  program: Command,
  words: readonly string[],
  namesOf: (kind: NamedThing) => Promise<readonly string[]>,
): Promise<readonly Candidate[] | 'paths'> {
  const last = words.at(-1) ?? '';
  const { command, given, pending } = position(program, words.slice(0, -1));
  if (pending !== null) return valuesOf(pending, placeholderOf(pending), namesOf);
  if (last.startsWith('-')) {
    const own = optionsOf(command);
    const others = optionsOf(program).filter(({ long }) => !own.some((one) => one.long === long));
    return [...own, ...others].map(({ long, description }) => ({ name: long ?? '', description }));
  }
  const commands = command.createHelp().visibleCommands(command);
  if (commands.length > 0)
    return commands.map((child) => ({ name: child.name(), description: child.description() }));
  const { registeredArguments } = command;
  const argument = registeredArguments[given] ?? registeredArguments.at(-1);
  if (argument === undefined || (given >= registeredArguments.length && !argument.variadic))
    return [];
  return valuesOf(argument, argument.name(), namesOf);
}

/**
 * Parses the context of the last word: the command, its number of arguments, and the option that
 * expects a value.
 */
function position(
  program: Command,
  words: readonly string[],
): { command: Command; given: number; pending: Option | null } {
  let command = program;
  let given = 0;
  let pending: Option | null = null;
  for (const word of words) {
    if (pending !== null) pending = null;
    else if (word.startsWith('-')) {
      const option = [...optionsOf(command), ...optionsOf(program)].find(({ long, short }) =>
        [long, short].includes(word),
      );
      if (option !== undefined && (option.required || option.optional)) pending = option;
    } else {
      const next = command.commands.find((child) => child.name() === word);
      if (next === undefined) given++;
      else command = next;
    }
  }
  return { command, given, pending };
}

/** `adapter` of `--from <adapter>` and of `--predict [adapter]`. */
function placeholderOf({ flags }: Option): string {
  return /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? '';
}

function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

async function valuesOf(
  { argChoices }: Pick<Option | Argument, 'argChoices'>,
  name: string,
  namesOf: (kind: NamedThing) => Promise<readonly string[]>,
): Promise<readonly Candidate[] | 'paths'> {
  if (argChoices !== undefined) return argChoices.map((choice) => plain(choice));
  const kind = NAMED.find((named) => named === name);
  return kind === undefined ? 'paths' : (await namesOf(kind)).map((thing) => plain(thing));
}

function plain(name: string): Candidate {
  return { name, description: '' };
}
