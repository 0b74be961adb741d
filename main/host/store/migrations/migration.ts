import type Database from 'better-sqlite3';

/** One step of the schema. `version` is what `user_version` says afterwards; steps are never changed once released. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Runs inside a transaction together with the change of `user_version`. */
  up(db: Database.Database): void;
}
