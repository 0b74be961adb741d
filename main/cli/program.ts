import { Command, CommanderError } from 'commander';
import type { Runs } from './action.ts';
import type { CommandContext } from './context.ts';
import { defineCommands } from './definitions.ts';
import { exitCodeOf, reportOf } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { studioHome } from '../host/home.ts';
import { Console } from './output/console.ts';
import { nearMiss } from './output/near-miss.ts';
import type { TrainHelp } from './training-config.ts';
import { version } from '../host/version.ts';

const GLOBAL_OPTIONS = ['--home', '--json', '--help'];

/**
 * Runs one command line (without the program's own name) and resolves to its exit code (exit-codes.ts).
 * Never throws: whatever goes wrong is printed.
 */
export async function main(args: readonly string[]): Promise<number> {
  // Commander may fail before it has read the options, and errors under --json are JSON all the same.
  const end = args.indexOf('--');
  const json = (end < 0 ? args : args.slice(0, end)).includes('--json');
  const console = new Console({ json });
  let exitCode = 0;
  // The settings are loaded only for the command whose help lists them.
  const trainHelp = args.includes('train')
    ? (await import('./training-config.ts')).TRAIN_HELP
    : null;
  const { program, current } = buildProgram(console, trainHelp, (code) => (exitCode = code));
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // Help was printed because of a missing subcommand.
      if (error.code === 'commander.help' && !json) return 2;
    }
    const command = current(args);
    const report = reportOf(explained(error, command, args), `${commandPath(command)} --help`);
    console.fail(report);
    return exitCodeOf(report);
  }
}

function buildProgram(
  console: Console,
  trainHelp: TrainHelp | null,
  setExitCode: (code: number) => void,
): { program: Command; current: (args: readonly string[]) => Command } {
  const program = new Command('karst')
    .description(
      'Adapts a pre-trained vision transformer to your own images, on this computer, offline.',
    )
    .option('--home <dir>', "folder of the studio's data (default: KARST_HOME, or your platform's)")
    .option('--json', 'answer in JSON on standard output')
    .addHelpText('after', EXIT_CODES)
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print how to use a command')
    .helpCommand('help [command]', 'print how to use a command')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // `main` prints errors itself; help that stands in for an error is not wanted between JSON.
      outputError: () => undefined,
      writeErr: (text) => (console.json ? undefined : void process.stderr.write(text)),
    });

  const runs: Runs =
    (load) =>
    async (...args) => {
      const globals = program.opts<{ home?: string }>();
      const context: CommandContext = {
        home: studioHome(globals.home),
        homeNamed: globals.home !== undefined,
        console,
        interactive: process.stdin.isTTY,
      };
      // Commander appends the command itself to arguments and options.
      const { run } = await load();
      const result = await run(context, ...(args.slice(0, -1) as never[]));
      setExitCode(typeof result === 'number' ? result : 0);
    };
  defineCommands(program, runs, trainHelp);

  return { program, current: (args) => deepest(program, args) };
}

/** Reports the cause that a user recognises instead of the error that commander reports first. */
function explained(error: unknown, command: Command, args: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.code === 'commander.help') {
    return new CommanderError(2, error.code, 'No command was given');
  }
  if (!['commander.missingMandatoryOptionValue', 'commander.unknownOption'].includes(error.code)) {
    return error;
  }
  const known = [...command.options, ...(command.parent?.options ?? []), ...GLOBAL_OPTIONS].flatMap(
    (option) => (typeof option === 'string' ? [option] : (option.long ?? [])),
  );
  const end = args.indexOf('--');
  const unknown = (end < 0 ? args : args.slice(0, end))
    .map((word) => word.replace(/=.*$/s, ''))
    .find((word) => /^--./.test(word) && !known.includes(word));
  if (unknown === undefined) return error;
  const near = nearMiss(unknown, known);
  const suggestion = near === null ? '' : `\n(Did you mean ${near}?)`;
  return new CommanderError(
    2,
    'commander.unknownOption',
    `unknown option '${unknown}'${suggestion}`,
  );
}

/** The command that the words of a command line lead to, as far as they are names of commands. */
function deepest(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const word of args) {
    const next = command.commands.find((child) => child.name() === word);
    if (next !== undefined) command = next;
  }
  return command;
}

function commandPath(command: Command): string {
  const parents: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) parents.unshift(at.name());
  return parents.join(' ');
}
