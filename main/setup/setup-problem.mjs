/** Something that set-up cannot put right by itself. The sentence says what, the hint says the way out. */
export class SetupProblem extends Error {
  /**
   * @param {string} message one sentence: the thing and the reason
   * @param {string} hint one sentence: what to do
   * @param {unknown} [cause]
   */
  constructor(message, hint, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SetupProblem';
    this.hint = hint;
  }
}
