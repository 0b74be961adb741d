import type { Command } from 'commander';
import { yes } from './confirm.ts';
import type { Runs } from './action.ts';

/** Commands on adapters. */
export function defineAdapter(program: Command, runs: Runs): void {
  const adapter = program.command('adapter').description('what trainings made');
  adapter
    .command('list')
    .description('list the adapters')
    .action(runs(() => import('./commands/adapter-list.ts')));
  adapter
    .command('show')
    .description('show all details of an adapter')
    .argument('<adapter>', 'name or id')
    .action(runs(() => import('./commands/adapter-show.ts')));
  adapter
    .command('import')
    .description('copy an adapter into the library')
    .argument('<path>', 'a .karst file, or a folder with adapter_config.json and its weights')
    .option('--name <name>', 'name in the library (default: its own)')
    .action(runs(() => import('./commands/adapter-import.ts')));
  adapter
    .command('tag')
    .description('add tags to an adapter')
    .argument('<adapter>', 'name or id')
    .argument('<tags...>', 'tags')
    .option('--remove', 'remove the tags instead')
    .action(runs(() => import('./commands/adapter-tag.ts')));
  adapter
    .command('rename')
    .description('rename an adapter')
    .argument('<adapter>', 'name or id')
    .argument('<name>', 'its new name')
    .action(runs(() => import('./commands/adapter-rename.ts')));
  adapter
    .command('labels')
    .description('rename classes of an adapter, without training')
    .argument('<adapter>', 'name or id')
    .argument('<changes...>', 'each OLD=NEW')
    .action(runs(() => import('./commands/adapter-labels.ts')));
  adapter
    .command('note')
    .description('set the notes of an adapter')
    .argument('<adapter>', 'name or id')
    .argument('<text>', 'the notes; empty removes them')
    .action(runs(() => import('./commands/adapter-note.ts')));
  adapter
    .command('remove')
    .description('move an adapter to the bin, from where it can be restored')
    .argument('<adapter>', 'name or id')
    .addOption(yes())
    .action(runs(() => import('./commands/adapter-remove.ts')));
}

/** Commands on the bin. */
export function defineBin(program: Command, runs: Runs): void {
  const bin = program.command('bin').description('removed runs, adapters and datasets');
  bin
    .command('list')
    .description('list the bin')
    .action(runs(() => import('./commands/bin-list.ts')));
  bin
    .command('restore')
    .description('restore a run or adapter completely')
    .argument('<name>', 'its id or former name')
    .action(runs(() => import('./commands/bin-restore.ts')));
  bin
    .command('delete')
    .description('delete a run or adapter permanently')
    .argument('<name>', 'its id or former name')
    .addOption(yes())
    .action(runs(() => import('./commands/bin-delete.ts')));
}
