import type { Studio } from '../contract/studio.ts';
import type { Emit } from '../events.ts';
import type { MediaRegistry } from '../media/media-registry.ts';
import type { RunPresenter } from '../scheduler/run-presenter.ts';
import type { TaskBoard } from '../tasks/task-board.ts';

/** Dependencies of the procedures. */
export interface ProcedureContext {
  readonly studio: Studio;
  readonly emit: Emit;
  readonly tasks: TaskBoard;
  readonly media: MediaRegistry;
  readonly presenter: RunPresenter;
}
