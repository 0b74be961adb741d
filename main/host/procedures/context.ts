import type { Studio } from '../contract/studio.ts';
import type { Emit } from '../events.ts';
import type { MediaShelf } from '../media/media-shelf.ts';
import type { RunPresenter } from '../scheduler/run-presenter.ts';
import type { TaskBoard } from '../tasks/task-board.ts';

/** What the procedures work with. */
export interface DeskContext {
  readonly studio: Studio;
  readonly emit: Emit;
  readonly tasks: TaskBoard;
  readonly media: MediaShelf;
  readonly presenter: RunPresenter;
}
