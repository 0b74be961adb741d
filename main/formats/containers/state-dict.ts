import { KarstError } from '../../../shared/domain/errors.ts';
import type { PickleValue } from './pickle.ts';
import { TorchTensor } from './torch-tensor.ts';

/** Wrappers around the weights are a few dictionaries deep. */
const DEEPEST = 16;
const SHOWN = 6;

/** A dictionary with tensors of one axis or more, and the names that lead to it. */
interface Group {
  readonly path: readonly string[];
  readonly tensors: ReadonlyMap<string, TorchTensor>;
}

/**
 * The weights in what a checkpoint holds: the one dictionary of tensors in it, under its own names
 * or, inside others, under dotted ones (`model.cls_token`). Numbers, text and the like beside it
 * are ignored, and so is the state of an optimizer, whose dictionaries have numbers as keys.
 * @throws KarstError `format-unsupported` naming the dictionaries when there are several, or none
 */
export function stateDict(file: string, root: PickleValue): Map<string, TorchTensor> {
  const groups = groupsIn(file, root);
  const [group, ...others] = groups;
  if (group === undefined)
    throw new KarstError('format-unsupported', `${file} holds no dictionary of tensors.`, {
      hint: 'Save the weights of the model: torch.save(model.state_dict(), PATH).',
      path: file,
    });
  if (others.length > 0) {
    const named = groups.map(({ path }) => (path.length === 0 ? 'its top level' : path.join('.')));
    const more = named.length > SHOWN ? ` and ${named.length - SHOWN} more` : '';
    const key = group.path.map((name) => `[${JSON.stringify(name)}]`).join('');
    throw new KarstError(
      'format-unsupported',
      `${file} holds several dictionaries of tensors: ${named.slice(0, SHOWN).join(', ')}${more}.`,
      {
        hint: `Save the one with the weights in Python, such as: torch.save(torch.load(PATH, map_location="cpu", weights_only=True)${key}, "weights.pt").`,
        path: file,
      },
    );
  }
  return new Map(
    [...group.tensors].map(([name, tensor]) => [[...group.path, name].join('.'), tensor]),
  );
}

function groupsIn(file: string, root: PickleValue): Group[] {
  const groups: Group[] = [];
  // The same dictionary may stand at several places, or inside itself.
  const seen = new Set<PickleValue>();
  const visit = (value: PickleValue, path: readonly string[]): void => {
    if (!(value instanceof Map) || seen.has(value)) return;
    if (path.length > DEEPEST)
      throw new KarstError(
        'format-unsupported',
        `${file} holds dictionaries more than ${DEEPEST} deep.`,
        { hint: 'Save only the weights: torch.save(model.state_dict(), PATH).', path: file },
      );
    seen.add(value);
    const tensors = new Map<string, TorchTensor>();
    for (const [key, item] of value)
      if (typeof key === 'string' && item instanceof TorchTensor) tensors.set(key, item);
    if ([...tensors.values()].some(({ place }) => place.shape.length > 0))
      groups.push({ path, tensors });
    for (const [key, item] of value) if (typeof key === 'string') visit(item, [...path, key]);
  };
  visit(root, []);
  return groups;
}
