import * as v from 'valibot';
import { procedure } from './procedure.ts';
import { id, name, nothing, notesText } from './values.ts';

export const project = v.object({
  id,
  name: v.string(),
  notes: v.string(),
  archived: v.boolean(),
  datasetIds: v.array(id),
  /** The one that training starts from unless another is chosen. */
  backboneId: v.nullable(id),
  /** The newest first. */
  runIds: v.array(id),
  /** Best validation accuracy of its runs. */
  bestTop1: v.nullable(v.number()),
  createdAt: v.string(),
  /** When it, or a run or dataset of it, last changed. */
  updatedAt: v.string(),
});
export type Project = v.InferOutput<typeof project>;

const one = v.strictObject({ id });
const member = v.strictObject({ id, datasetId: id });

export const projectProcedures = {
  /** All of them, archived ones too, the last changed first. */
  'projects.list': procedure(nothing, v.array(project)),
  'projects.get': procedure(one, project),
  'projects.create': procedure(v.strictObject({ name }), project),
  'projects.update': procedure(
    v.strictObject({
      id,
      name: v.exactOptional(name),
      notes: v.exactOptional(notesText),
      archived: v.exactOptional(v.boolean()),
      backboneId: v.exactOptional(v.nullable(id)),
    }),
    project,
  ),
  /** A new project with the same datasets, backbone and notes; runs stay with the first. */
  'projects.duplicate': procedure(v.strictObject({ id, name }), project),
  'projects.attachDataset': procedure(member, project),
  'projects.detachDataset': procedure(member, project),
};
