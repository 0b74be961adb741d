import { Argument, Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { completionsOf } from '../../../main/cli/completion.ts';

function program(): Command {
  const karst = new Command('karst').option('--home <dir>', 'folder');
  const dataset = karst.command('dataset');
  dataset.command('show').argument('<dataset>');
  dataset.command('add').argument('<path>').option('--name <name>');
  dataset.command('secret', { hidden: true });
  karst.command('predict').argument('<adapter>').argument('<paths...>').option('--top <number>');
  karst
    .command('train')
    .option('--backbone <backbone>')
    .option('--predict [adapter]')
    .option('--strict')
    .addOption(new Option('--method <method>').choices(['karst', 'lora']));
  karst.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh']));
  return karst;
}

async function names(...words: string[]): Promise<readonly string[] | 'paths'> {
  const found = await completionsOf(program(), words, (kind) => Promise.resolve([`a ${kind}`]));
  return found === 'paths' ? found : found.map(({ name }) => name);
}

describe('completion', () => {
  it.each<[string[], readonly string[] | 'paths']>([
    [[''], ['dataset', 'predict', 'train', 'completion', 'help']],
    [
      ['dataset', ''],
      ['show', 'add', 'help'],
    ],
    [['dataset', 'show', ''], ['a dataset']],
    [['--home', '/x', 'dataset', 'show', ''], ['a dataset']],
    [['dataset', 'show', 'leaves', ''], []],
    [['dataset', 'add', ''], 'paths'],
    [
      ['dataset', 'add', './p', '--na'],
      ['--name', '--help', '--home'],
    ],
    [['predict', ''], ['a adapter']],
    [['predict', 'leaves', ''], 'paths'],
    [['predict', 'leaves', '--top', '3', 'x.png', ''], 'paths'],
    [['train', '--backbone', ''], ['a backbone']],
    [['train', '--predict', ''], ['a adapter']],
    [
      ['train', '--strict', '--method', 'k'],
      ['karst', 'lora'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh'],
    ],
    [['--home', ''], 'paths'],
  ])('%j', async (words, expected) => {
    expect(await names(...words)).toEqual(expected);
  });
});
