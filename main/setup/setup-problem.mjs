/** A problem that the user has to solve: the message states it, the hint says how. */
export class SetupProblem extends Error {
  /**
   * @param {string} message one sentence: what failed and why
   * @param {string} hint one sentence: what to do
   * @param {unknown} [cause]
   */
  constructor(message, hint, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SetupProblem';
    this.hint = hint;
  }
}
