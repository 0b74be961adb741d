import * as v from 'valibot';
import { idSchema } from '../../domain/scalars.ts';
import { nameSchema, notesTextSchema, nothingSchema } from './inputs.ts';
import { procedure } from './procedure.ts';

export const project = v.object({
  id: idSchema,
  name: v.string(),
  notes: v.string(),
  archived: v.boolean(),
  datasetIds: v.array(idSchema),
  /** The one that training starts from unless another is chosen. */
  backboneId: v.nullable(idSchema),
  /** The newest first. */
  runIds: v.array(idSchema),
  /** Best validation accuracy of its runs. */
  bestTop1: v.nullable(v.number()),
  createdAt: v.string(),
  /** When it, or a run or dataset of it, last changed. */
  updatedAt: v.string(),
});
export type Project = v.InferOutput<typeof project>;

const one = v.strictObject({ id: idSchema });
const member = v.strictObject({ id: idSchema, datasetId: idSchema });

export const projectProcedures = {
  /** All of them, archived ones too, the last changed first. */
  'projects.list': procedure(nothingSchema, v.array(project)),
  'projects.get': procedure(one, project),
  'projects.create': procedure(v.strictObject({ name: nameSchema }), project),
  'projects.update': procedure(
    v.strictObject({
      id: idSchema,
      name: v.exactOptional(nameSchema),
      notes: v.exactOptional(notesTextSchema),
      archived: v.exactOptional(v.boolean()),
      backboneId: v.exactOptional(v.nullable(idSchema)),
    }),
    project,
  ),
  /** A new project with the same datasets, backbone and notes; runs stay with the first. */
  'projects.duplicate': procedure(v.strictObject({ id: idSchema, name: nameSchema }), project),
  'projects.attachDataset': procedure(member, project),
  'projects.detachDataset': procedure(member, project),
};
