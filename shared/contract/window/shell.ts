import * as v from 'valibot';
import { extensionsSchema, filePathSchema, nothingSchema } from './inputs.ts';
import { procedure } from './procedure.ts';

/**
 * Procedures of the window's environment, implemented by the desktop shell, and by `karst serve`
 * for a browser, which has no native dialogs.
 */
export const shellInfo = v.object({
  kind: v.picklist(['desktop', 'browser']),
  nativeDialogs: v.boolean(),
  canReveal: v.boolean(),
  /** Whether the data folder can be changed here. */
  canMoveHome: v.boolean(),
  platform: v.picklist(['linux', 'darwin', 'win32', 'other']),
});
export type ShellInfo = v.InferOutput<typeof shellInfo>;

export const shellProcedures = {
  'shell.info': procedure(nothingSchema, shellInfo),
  /** A native dialog; null if cancelled. @throws not-available in a browser */
  'shell.choose': procedure(
    v.strictObject({
      what: v.picklist(['folder', 'file', 'files', 'save']),
      title: v.pipe(v.string(), v.maxLength(1000)),
      /** Extensions without a dot; empty for any. */
      extensions: extensionsSchema,
      /** Its initial folder, or the suggested name of a new file. */
      path: v.nullable(v.pipe(v.string(), v.maxLength(4096))),
    }),
    v.nullable(v.array(filePathSchema)),
  ),
  /** Shows a file or folder in the platform's file manager. */
  'shell.reveal': procedure(v.strictObject({ path: filePathSchema }), nothingSchema),
  /** The data folder from the next start; null if cancelled. */
  'shell.moveHome': procedure(nothingSchema, v.nullable(filePathSchema)),
  /** Restarts the host after an unexpected exit. */
  'shell.restart': procedure(nothingSchema, nothingSchema),
};
