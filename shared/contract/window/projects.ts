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
  /** The default backbone for training. */
  backboneId: v.nullable(idSchema),
  /** Newest first. */
  runIds: v.array(idSchema),
  /** Best validation accuracy of its runs. */
  bestTop1: v.nullable(v.number()),
  createdAt: v.string(),
  /** Last change of it, its runs or its datasets. */
  updatedAt: v.string(),
});
export type Project = v.InferOutput<typeof project>;

const one = v.strictObject({ id: idSchema });
const member = v.strictObject({ id: idSchema, datasetId: idSchema });

export const projectProcedures = {
  /** All, archived ones included, last changed first. */
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
