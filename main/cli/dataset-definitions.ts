import { Option, type Command } from 'commander';
import { IMPORT_LAYOUTS } from '../../shared/domain/dataset.ts';
import type { Runs } from './action.ts';
import { yes } from './confirm.ts';
import { EXIT_CODES_OF_CHECK } from './exit-codes.ts';
import { share, wholeNumber } from './numbers.ts';

/** Commands on datasets. */
export function defineDataset(program: Command, runs: Runs): void {
  const dataset = program.command('dataset').description('labeled images');
  dataset
    .command('add')
    .description('import class folders, split folders, list files, a CSV or JSON lines table')
    .argument('<path>', 'folder or table')
    .option('--name <name>', 'name in the library (default: that of the folder or file)')
    .option('--val <share>', 'fraction of the images held out for validation', share, 0.2)
    .option('--test <share>', 'fraction of the images held out for testing', share, 0)
    .option('--seed <number>', 'seed of the stratified split', wholeNumber, 0)
    .addOption(
      new Option('--as <layout>', 'layout of the source, if ambiguous').choices(IMPORT_LAYOUTS),
    )
    .option('--encoding <name>', 'encoding of a list or table that is not UTF-8, such as gbk')
    .addHelpText(
      'after',
      `
Layouts of --as: class-folders makes each folder a class, with all that is below it; split-folders takes the
folders called train, val and test and leaves others aside; inner-folders takes the folders in which the images
lie as the classes, whatever is above them; list-files and table take the lists or the table of a folder.
Without it a source that can be understood in more than one way is refused, with what each layout would make of it.`,
    )
    .action(runs(() => import('./commands/dataset-add.ts')));
  dataset
    .command('list')
    .description('list the datasets')
    .action(runs(() => import('./commands/dataset-list.ts')));
  dataset
    .command('show')
    .description('show all details of a dataset: classes, splits, problems')
    .argument('<dataset>', 'name or id')
    .action(runs(() => import('./commands/dataset-show.ts')));
  dataset
    .command('check')
    .description('check every file again: missing, changed, damaged')
    .argument('<dataset>', 'name or id')
    .option('--strict', 'exit with 3 when there are problems, from the import too; notes are none')
    .addHelpText('after', EXIT_CODES_OF_CHECK)
    .action(runs(() => import('./commands/dataset-check.ts')));
  dataset
    .command('update')
    .description('take what is new or changed in the sources; corrections stay')
    .argument('<dataset>', 'name or id')
    .option('--dry-run', 'say what would be taken, and change nothing')
    .addOption(
      new Option('--as <layout>', 'layout of the source, if ambiguous').choices(IMPORT_LAYOUTS),
    )
    .option('--encoding <name>', 'encoding of a list or table that is not UTF-8, such as gbk')
    .action(runs(() => import('./commands/dataset-update.ts')));
  dataset
    .command('add-images')
    .description('add images from elsewhere: into one class, or a folder with class folders')
    .argument('<dataset>', 'name or id')
    .argument('<path...>', 'images, folders of images, or with classes of their own')
    .option('--class <name>', 'the class of all of them, made if there is none of that name')
    .option('--dry-run', 'say what would be added, and change nothing')
    .addOption(
      new Option('--as <layout>', 'layout of the source, if ambiguous').choices(IMPORT_LAYOUTS),
    )
    .option('--encoding <name>', 'encoding of a list or table that is not UTF-8, such as gbk')
    .action(runs(() => import('./commands/dataset-add-images.ts')));
  dataset
    .command('split')
    .description('re-split by class; exact duplicates stay on one side')
    .argument('<dataset>', 'name or id')
    .option('--val <share>', 'fraction of the images held out for validation', share, 0.2)
    .option('--test <share>', 'fraction of the images held out for testing', share, 0)
    .option('--seed <number>', 'seed of the stratified split', wholeNumber, 0)
    .option('--redraw-given', 'also re-split images that the source assigned')
    .addOption(
      new Option('--as-in-source', 'give every image the split that the source assigned').conflicts(
        ['val', 'test', 'seed', 'redrawGiven', 'undo'],
      ),
    )
    .addOption(
      new Option('--undo', 'undo the latest re-split').conflicts([
        'val',
        'test',
        'seed',
        'redrawGiven',
      ]),
    )
    .action(runs(() => import('./commands/dataset-split.ts')));
  dataset
    .command('rename')
    .description('rename a dataset')
    .argument('<dataset>', 'name or id')
    .argument('<name>', 'its new name')
    .action(runs(() => import('./commands/dataset-rename.ts')));
  dataset
    .command('remove')
    .description('move a dataset to the bin; its images stay')
    .argument('<dataset>', 'name or id')
    .addOption(yes())
    .action(runs(() => import('./commands/dataset-remove.ts')));
  defineClasses(dataset, runs);
}

function defineClasses(dataset: Command, runs: Runs): void {
  const one = dataset
    .command('class')
    .description('the classes of a dataset: rename, merge, leave out');
  one
    .command('rename')
    .description('rename a class; adapters that know it by its former name still do')
    .argument('<dataset>', 'name or id')
    .argument('<class>', 'its name')
    .argument('<name>', 'its new name')
    .action(runs(() => import('./commands/dataset-class-rename.ts')));
  one
    .command('merge')
    .description('give the images of a class to another one')
    .argument('<dataset>', 'name or id')
    .argument('<class>', 'the class that will be no more')
    .argument('<into>', 'the other class')
    .action(runs(() => import('./commands/dataset-class-merge.ts')));
  one
    .command('unmerge')
    .description('undo a merge: the class returns with the images that moved by it')
    .argument('<dataset>', 'name or id')
    .argument('<class>', 'the class that was merged into another')
    .action(runs(() => import('./commands/dataset-class-unmerge.ts')));
  one
    .command('leave-out')
    .description('keep the images of a class out of trainings and evaluations')
    .argument('<dataset>', 'name or id')
    .argument('<class>', 'its name')
    .action(runs(() => import('./commands/dataset-class-leave-out.ts')));
  one
    .command('include')
    .description('take a class in again that was left out')
    .argument('<dataset>', 'name or id')
    .argument('<class>', 'its name')
    .action(runs(() => import('./commands/dataset-class-include.ts')));
}
