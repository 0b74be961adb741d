import * as v from 'valibot';
import { extensionsSchema, filePathSchema, nothingSchema } from './inputs.ts';
import { procedure } from './procedure.ts';

/**
 * What the surroundings of the window can do: the desktop shell answers these itself, `karst serve` answers for
 * a browser, where there are no native dialogs.
 */
export const shellInfo = v.object({
  kind: v.picklist(['desktop', 'browser']),
  nativeDialogs: v.boolean(),
  canReveal: v.boolean(),
  /** Whether the folder of the studio's data can be changed from here. */
  canMoveHome: v.boolean(),
  platform: v.picklist(['linux', 'darwin', 'win32', 'other']),
});
export type ShellInfo = v.InferOutput<typeof shellInfo>;

export const shellProcedures = {
  'shell.info': procedure(nothingSchema, shellInfo),
  /** A native dialog; null when it was cancelled. @throws not-available in a browser */
  'shell.choose': procedure(
    v.strictObject({
      what: v.picklist(['folder', 'file', 'files', 'save']),
      title: v.pipe(v.string(), v.maxLength(1000)),
      /** Endings without a dot; empty: any. */
      extensions: extensionsSchema,
      /** Where it opens, or the name that a new file is offered. */
      path: v.nullable(v.pipe(v.string(), v.maxLength(4096))),
    }),
    v.nullable(v.array(filePathSchema)),
  ),
  /** Shows a file or folder in the platform's file manager. */
  'shell.reveal': procedure(v.strictObject({ path: filePathSchema }), nothingSchema),
  /** The folder of the studio's data from the next start on; null after a cancelled dialog. */
  'shell.moveHome': procedure(nothingSchema, v.nullable(filePathSchema)),
  /** Starts the host anew after it ended by itself. */
  'shell.restart': procedure(nothingSchema, nothingSchema),
};
