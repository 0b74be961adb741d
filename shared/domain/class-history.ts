import * as v from 'valibot';
import { immutable } from './immutable.ts';
import { countSchema } from './scalars.ts';

export const CLASS_EVENT_KINDS = [
  'added',
  'renamed',
  'merged',
  'unmerged', // a merge was undone
  'left-out',
  'included',
] as const;

/** What became of a class of a dataset. */
export const classEventSchema = immutable(
  v.object({
    at: v.string(),
    kind: v.picklist(CLASS_EVENT_KINDS),
    /** The class it is about; of a merge the one that is no more. */
    label: countSchema,
    /** Its name before; of `unmerged` null. */
    formerName: v.nullable(v.string()),
    /** Its name since; of `merged` that of the other class. */
    name: v.string(),
    /** The class it was merged into or taken out of again; otherwise null. */
    intoLabel: v.nullable(countSchema),
    /** Images that got another label by it. */
    images: countSchema,
  }),
);
export type ClassEvent = v.InferOutput<typeof classEventSchema>;

/** What an evaluation says of a class that is not in the dataset as the adapter learnt it. */
export const classNoteSchema = immutable(
  v.variant('kind', [
    v.object({ kind: v.literal('renamed'), former: v.string(), name: v.string() }),
    /** Their probabilities are summed; `former` are the adapter's names that are not `name`. */
    v.object({ kind: v.literal('merged'), former: v.array(v.string()), name: v.string() }),
    v.object({ kind: v.literal('left-out'), name: v.string() }),
    /** The adapter does not know it; images of the evaluated split. */
    v.object({ kind: v.literal('unknown'), name: v.string(), images: countSchema }),
  ]),
);
export type ClassNote = v.InferOutput<typeof classNoteSchema>;
