import type { Command } from 'commander';
import { yes } from './confirm.ts';
import type { Runs } from './action.ts';

/** Commands on adapters. */
export function defineAdapter(program: Command, runs: Runs): void {
  const adapter = program.command('adapter').description('what trainings made');
  adapter
    .command('list')
    .description('list the adapters')
    .action(runs(async (context) => (await import('./commands/adapter-list.ts')).run(context)));
  adapter
    .command('show')
    .description('show all details of an adapter')
    .argument('<adapter>', 'name or id')
    .action(
      runs(async (context, name) =>
        (await import('./commands/adapter-show.ts')).run(context, name),
      ),
    );
  adapter
    .command('import')
    .description('copy an adapter into the library')
    .argument('<path>', 'a .karst file, or a folder with adapter_config.json and its weights')
    .option('--name <name>', 'name in the library (default: its own)')
    .action(
      runs(async (context, path, options) =>
        (await import('./commands/adapter-import.ts')).run(context, path, options),
      ),
    );
  adapter
    .command('tag')
    .description('add tags to an adapter')
    .argument('<adapter>', 'name or id')
    .argument('<tags...>', 'tags')
    .option('--remove', 'remove the tags instead')
    .action(
      runs(async (context, name, tags, options) =>
        (await import('./commands/adapter-tag.ts')).run(context, name, tags, options),
      ),
    );
  adapter
    .command('rename')
    .description('rename an adapter')
    .argument('<adapter>', 'name or id')
    .argument('<name>', 'its new name')
    .action(
      runs(async (context, adapter, name) =>
        (await import('./commands/adapter-rename.ts')).run(context, adapter, name),
      ),
    );
  adapter
    .command('note')
    .description('set the notes of an adapter')
    .argument('<adapter>', 'name or id')
    .argument('<text>', 'the notes; empty removes them')
    .action(
      runs(async (context, name, text) =>
        (await import('./commands/adapter-note.ts')).run(context, name, text),
      ),
    );
  adapter
    .command('remove')
    .description('move an adapter to the bin, from where it can be restored')
    .argument('<adapter>', 'name or id')
    .addOption(yes())
    .action(
      runs(async (context, name, options) =>
        (await import('./commands/adapter-remove.ts')).run(context, name, options),
      ),
    );
}

/** Commands on the bin. */
export function defineBin(program: Command, runs: Runs): void {
  const bin = program.command('bin').description('removed runs and adapters');
  bin
    .command('list')
    .description('list the bin')
    .action(runs(async (context) => (await import('./commands/bin-list.ts')).run(context)));
  bin
    .command('restore')
    .description('restore a run or adapter completely')
    .argument('<name>', 'its id or former name')
    .action(
      runs(async (context, name) => (await import('./commands/bin-restore.ts')).run(context, name)),
    );
  bin
    .command('delete')
    .description('delete a run or adapter permanently')
    .argument('<name>', 'its id or former name')
    .addOption(yes())
    .action(
      runs(async (context, name, options) =>
        (await import('./commands/bin-delete.ts')).run(context, name, options),
      ),
    );
}
