import type { Command } from 'commander';
import { yes } from './confirm.ts';
import type { Runs } from './action.ts';

/** What trainings made. */
export function defineAdapter(program: Command, runs: Runs): void {
  const adapter = program.command('adapter').description('what trainings made');
  adapter
    .command('list')
    .description('list the adapters')
    .action(runs(async (context) => (await import('./commands/adapter-list.ts')).run(context)));
  adapter
    .command('show')
    .description('say all about an adapter')
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
    .description('put tags on an adapter')
    .argument('<adapter>', 'name or id')
    .argument('<tags...>', 'tags')
    .option('--remove', 'take the tags away instead')
    .action(
      runs(async (context, name, tags, options) =>
        (await import('./commands/adapter-tag.ts')).run(context, name, tags, options),
      ),
    );
  adapter
    .command('rename')
    .description('give an adapter another name')
    .argument('<adapter>', 'name or id')
    .argument('<name>', 'its new name')
    .action(
      runs(async (context, adapter, name) =>
        (await import('./commands/adapter-rename.ts')).run(context, adapter, name),
      ),
    );
  adapter
    .command('note')
    .description('note something on an adapter, in the place of what was noted before')
    .argument('<adapter>', 'name or id')
    .argument('<text>', 'what to note; empty takes the note away')
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

/** What was removed and is not gone yet. */
export function defineBin(program: Command, runs: Runs): void {
  const bin = program.command('bin').description('removed runs and adapters');
  bin
    .command('list')
    .description('list what is in the bin')
    .action(runs(async (context) => (await import('./commands/bin-list.ts')).run(context)));
  bin
    .command('restore')
    .description('bring a run or adapter back, with all that it had')
    .argument('<name>', 'its id, or the name it had')
    .action(
      runs(async (context, name) => (await import('./commands/bin-restore.ts')).run(context, name)),
    );
  bin
    .command('delete')
    .description('delete a run or adapter for good')
    .argument('<name>', 'its id, or the name it had')
    .addOption(yes())
    .action(
      runs(async (context, name, options) =>
        (await import('./commands/bin-delete.ts')).run(context, name, options),
      ),
    );
}
