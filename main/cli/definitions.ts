import { Argument, type Command, Option } from 'commander';
import { EXPORT_FORMATS, FORMER_FORMATS } from '../../shared/domain/export-formats.ts';
import { ACTIVATIONS, POOLS, ROPES } from '../../shared/domain/said-words.ts';
import { yes } from './confirm.ts';
import type { Runs } from './action.ts';
import { EXIT_CODES_OF_PREDICT } from './exit-codes.ts';
import { defineAdapter, defineBin } from './adapter-definitions.ts';
import { defineDataset } from './dataset-definitions.ts';
import { number, port, positive, wholeNumber } from './numbers.ts';
import type { SettingKey } from '../../shared/training/settings.ts';
import type { TrainHelp } from './training-config.ts';

/**
 * Defines the commands and their arguments. Implementations are imported when run, so that `karst
 * --help` loads none.
 */
export function defineCommands(program: Command, runs: Runs, trainHelp: TrainHelp | null): void {
  defineDoctor(program, runs);
  defineBackbone(program, runs);
  defineDataset(program, runs);
  defineTraining(program, runs, trainHelp);
  defineAdapter(program, runs);
  defineBin(program, runs);
  defineUses(program, runs);
  program
    .command('serve')
    .description('serve the studio to a browser of this machine, until Ctrl-C')
    .option('--port <number>', 'port on the loopback interface (default: one that is free)', port)
    .option('--open', 'open it in the browser')
    .option(
      '--predict [adapter]',
      'serve the predictions of an adapter to programs instead: pictures in, classes as JSON out',
    )
    .option('--backbone <backbone>', 'with --predict: a backbone with a head of its own instead')
    .addHelpText(
      'after',
      `
Prints an address with a token, by which the browser is let in; keep it to yourself. From another machine, lead
the port through SSH: ssh -L 8321:127.0.0.1:8321 HOST karst serve --port 8321
Ctrl-C interrupts a training after a checkpoint; it goes on at the next start. A second Ctrl-C quits immediately.`,
    )
    .action(runs(() => import('./commands/serve.ts')));
  program
    .command('starter')
    .description('train a starter backbone from scratch on a folder or zip of images')
    .requiredOption(
      '--images <path>',
      'folder with one subfolder per class (or train/ and test/), or a zip of one',
    )
    .option('--out <dir>', 'folder to write (default: ./starter)')
    .option('--epochs <number>', 'epochs of training', positive)
    .action(runs(() => import('./commands/starter.ts')));
  program
    .command('completion')
    .description('print a script that lets a shell complete commands, options and names')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish', 'pwsh']))
    .addHelpText('after', COMPLETION_SETUP)
    .action(runs(() => import('./commands/completion.ts')));
  program
    .command('completion-server', { hidden: true })
    .description('print what a word of a command line can be, for the script of `completion`')
    .argument('[words...]')
    .action(
      runs(async () => {
        const { run } = await import('./commands/completion-server.ts');
        return { run: (context, words: readonly string[]) => run(context, program, words) };
      }),
    );
  program
    .command('demo')
    .description('adapt the starter backbone to handwritten digits, from import to prediction')
    .option('--backbone <path>', 'a backbone file instead of the starter')
    .option('--epochs <number>', 'epochs of training', positive)
    .action(runs(() => import('./commands/demo.ts')));
}

const COMPLETION_SETUP = `
Once, for every new shell:
  bash   echo 'source <(karst completion bash)' >> ~/.bashrc
  zsh    echo 'source <(karst completion zsh)' >> ~/.zshrc        (after compinit)
  fish   karst completion fish > ~/.config/fish/completions/karst.fish
  pwsh   karst completion pwsh >> $PROFILE`;

function defineDoctor(program: Command, runs: Runs): void {
  program
    .command('doctor')
    .description('check the machine, the runtime and the library')
    .action(runs(() => import('./commands/doctor.ts')));
}

const HUB_VARIABLES = `
HF_TOKEN opens gated models; HF_HOME and HF_HUB_CACHE say where downloads go, HF_ENDPOINT which hub is asked,
HTTPS_PROXY and NO_PROXY by which way. A download that was cut goes on where it ended.`;
const ASSUMED_HELP = `
Weights alone do not tell everything. What no configuration beside them says is assumed from their shape; the
answer and \`karst backbone show\` say what that was, and these options say otherwise.`;

function defineBackbone(program: Command, runs: Runs): void {
  const backbone = program.command('backbone').description('pre-trained models');
  backbone
    .command('add')
    .description('add a backbone to the library; its files stay where they are')
    .argument('<path>', 'safetensors, .npz, .bin, .pth, .pt, an index of several, or a folder')
    .option('--name <name>', 'name in the library (default: that of the file)')
    .option('--heads <number>', 'number of attention heads, if no config.json has it', positive)
    .addOption(new Option('--activation <name>', 'of its MLPs').choices(ACTIVATIONS))
    .option('--epsilon <number>', 'of its LayerNorms', number)
    .addOption(new Option('--pool <name>', 'what the head sees of the tokens').choices(POOLS))
    .option('--pool-heads <number>', 'heads of attention pooling', positive)
    .option('--pool-prefix', 'pool the tokens before the patches, too')
    .option('--no-pool-prefix', 'pool the patches alone')
    .addOption(new Option('--rope <name>', 'kind of rotary position embeddings').choices(ROPES))
    .option('--rope-theta <number>', 'RoPE base (theta)', number)
    .option('--rope-reference <number>', 'side of the RoPE reference grid, in patches', positive)
    .option('--image-size <pixels>', 'where position embeddings leave it open', positive)
    .addHelpText('after', ASSUMED_HELP)
    .action(runs(() => import('./commands/backbone-add.ts')));
  backbone
    .command('catalogue')
    .description('list models of the Hugging Face hub that are worth a try; asks no network')
    .action(runs(() => import('./commands/backbone-catalogue.ts')));
  backbone
    .command('get')
    .description('download a model of the Hugging Face hub and add it to the library')
    .argument('<name>', 'a name of the catalogue, or OWNER/NAME on the hub')
    .addHelpText('after', HUB_VARIABLES)
    .action(runs(() => import('./commands/backbone-get.ts')));
  backbone
    .command('find')
    .description('look for models that other programs keep in the caches of Hugging Face and torch')
    .action(runs(() => import('./commands/backbone-find.ts')));
  backbone
    .command('list')
    .description('list the backbones')
    .action(runs(() => import('./commands/backbone-list.ts')));
  backbone
    .command('show')
    .description('show all details of a backbone')
    .argument('<backbone>', 'name or id')
    .action(runs(() => import('./commands/backbone-show.ts')));
  backbone
    .command('rename')
    .description('rename a backbone')
    .argument('<backbone>', 'name or id')
    .argument('<name>', 'its new name')
    .action(runs(() => import('./commands/backbone-rename.ts')));
  backbone
    .command('remove')
    .description('remove a backbone from the library; its file stays')
    .argument('<backbone>', 'name or id')
    .addOption(yes())
    .action(runs(() => import('./commands/backbone-remove.ts')));
}

function defineTraining(program: Command, runs: Runs, trainHelp: TrainHelp | null): void {
  const help = (key: SettingKey): string => trainHelp?.option(key) ?? '';
  program
    .command('train')
    .description('adapt a backbone to a dataset')
    .option('--backbone <backbone>', 'name or id (default: the only one)')
    .option('--dataset <dataset>', 'name or id (default: the only one)')
    .option(
      '--from <adapter>',
      'train again from the weights of an adapter, on its backbone and dataset unless told otherwise',
    )
    .option('--name <name>', 'name of the run and its adapter (default: one is made up)')
    .option('--method <method>', help('method'))
    .option('--preset <preset>', trainHelp?.presets ?? '')
    .option('--config <file>', 'JSON file with settings')
    .addOption(
      new Option('--set <key=value>', 'one setting, such as lr=0.01; may be repeated')
        .argParser(collected)
        .default([], 'none'),
    )
    .option('--epochs <number>', help('schedule.epochs'), positive)
    .option('--batch-size <number>', help('batchSize'), positive)
    .option('--lr <number>', help('optimizer.learningRate'), number)
    .option('--weight-decay <number>', help('optimizer.weightDecay'), number)
    .option('--image-size <pixels>', help('imageSize'), wholeNumber)
    .option('--seed <number>', help('seed'), wholeNumber)
    .option('--estimate', 'time a few steps, say what the training would cost, and train nothing')
    .addHelpText(
      'after',
      () =>
        `\nSettings for --set and --config, with their defaults:\n${trainHelp?.settings() ?? ''}`,
    )
    .action(runs(() => import('./commands/train.ts')));

  const run = program.command('runs').description('trainings, finished or not');
  run
    .command('list')
    .description('list the runs')
    .action(runs(() => import('./commands/runs-list.ts')));
  run
    .command('show')
    .description('show all details of a run')
    .argument('<run>', 'name or id')
    .action(runs(() => import('./commands/runs-show.ts')));
  run
    .command('metrics')
    .description('print what a run measured at each step and validation')
    .argument('<run>', 'name or id')
    .option('--csv', 'as a CSV table')
    .action(runs(() => import('./commands/runs-metrics.ts')));
  run
    .command('resume')
    .description('resume an interrupted run from its newest checkpoint')
    .argument('<run>', 'name or id')
    .action(runs(() => import('./commands/runs-resume.ts')));
  run
    .command('extend')
    .description('extend a finished run by more epochs; the result is another adapter')
    .argument('<run>', 'name or id')
    .requiredOption('--epochs <number>', 'how many more', positive)
    .action(runs(() => import('./commands/runs-extend.ts')));
  run
    .command('stop')
    .description('end a run that is being trained, or was interrupted, and keep its best adapter')
    .argument('<run>', 'name or id')
    .action(runs(() => import('./commands/runs-stop.ts')));
  run
    .command('remove')
    .description('move a run to the bin')
    .argument('<run>', 'name or id')
    .addOption(yes())
    .action(runs(() => import('./commands/runs-remove.ts')));
}

function defineUses(program: Command, runs: Runs): void {
  program
    .command('evaluate')
    .description('evaluate an adapter on the labeled images of a dataset')
    .argument('<adapter>', 'name or id')
    .option('--dataset <dataset>', 'name or id (default: the one that it was trained on)')
    .addOption(
      new Option(
        '--split <split>',
        'which images (default: test where the dataset has test images, else val)',
      ).choices(['train', 'val', 'test']),
    )
    .action(runs(() => import('./commands/evaluate.ts')));
  program
    .command('predict')
    .description('predict images')
    .usage(
      '[options] <adapter> <paths...>\n       karst predict [options] --backbone <backbone> <paths...>',
    )
    .argument('[adapter]', 'name or id; left out with --backbone')
    .argument('[paths...]', 'images, or folders of images')
    .option('--backbone <backbone>', 'a backbone with a head of its own instead of an adapter')
    .option('--top <number>', 'predictions per image', positive, 5)
    .option('--csv <file>', 'write them as a CSV file, which must not exist')
    .addHelpText('after', EXIT_CODES_OF_PREDICT)
    .action(runs(() => import('./commands/predict.ts')));
  program
    .command('merge')
    .description('merge an adapter into its backbone, and verify the result')
    .argument('<adapter>', 'name or id')
    .option('--out <dir>', "folder to write, which must not exist (default: in the studio's data)")
    .addOption(
      new Option('--names <library>', 'of the tensors and the configuration: timm or Hugging Face')
        .choices(['timm', 'hf'])
        .default('timm'),
    )
    .option('--dataset <dataset>', "whose images are used to check (default: the run's)")
    .action(runs(() => import('./commands/merge.ts')));
  program
    .command('export')
    .description('export a model for other programs, and verify it')
    .argument('<adapter>', 'name or id')
    .addOption(
      new Option(
        '--format <format>',
        'what to write: a folder for timm, transformers (hf), ONNX or TensorFlow, one .karst file, or an adapter folder',
      )
        .choices([...EXPORT_FORMATS, ...Object.keys(FORMER_FORMATS)])
        .default('timm'),
    )
    .addOption(
      new Option('--float16', 'onnx: weights and computation in half precision').conflicts('int8'),
    )
    .option('--int8', 'onnx: weights rounded to 8 bits per output channel; the loss is measured')
    .addOption(yes())
    .requiredOption('--out <path>', 'where to write; must not exist')
    .option('--dataset <dataset>', "whose images are used to check (default: the run's)")
    .action(runs(() => import('./commands/export.ts')));
}

function collected(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}
