/**
 * Exit codes. 3 is between success and failure: the work was done, and its output reports problems.
 */
export const DONE = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;
export const PARTLY = 3;

/** Below the help of the program. */
export const EXIT_CODES = `
Exit codes: ${DONE} done; ${FAILED} failed; ${WRONG_USAGE} wrong usage; ${PARTLY} done, but predict could read only some of the files, or
dataset check --strict found problems.`;
export const EXIT_CODES_OF_CHECK = `
Exit codes: ${DONE} done, whatever was found; with --strict ${PARTLY} where there are problems; ${FAILED} failed; ${WRONG_USAGE} wrong usage.`;
export const EXIT_CODES_OF_PREDICT = `
Exit codes: ${DONE} every file was read; ${PARTLY} some could not be read; ${FAILED} failed, or none could be read; ${WRONG_USAGE} wrong usage.`;
