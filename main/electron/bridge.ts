import { ipcMain, type IpcMainEvent, type WebContents } from 'electron';
import * as v from 'valibot';
import { CHANNEL } from '../../shared/contract/shell/channel.ts';
import { callSchema, type Reply } from '../../shared/contract/window/messages.ts';
import {
  SHELL_PROCEDURES,
  type Handlers,
  type ShellProcedureName,
} from '../../shared/contract/window/procedures.ts';
import type { EventName, EventPayload } from '../../shared/contract/window/events.ts';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import { CallLimit } from './call-limit.ts';
import { isOurs } from './guard.ts';

export interface BridgeOptions {
  /** Procedures that the shell handles itself. */
  readonly shell: Handlers<ShellProcedureName>;
  /** Forwards all others to the host, which validates them. */
  relay(procedure: string, input: unknown): Promise<unknown>;
}

/** The channel between the page and the shell. */
export class WindowBridge {
  readonly #options: BridgeOptions;
  #contents: WebContents | null = null;
  /** A page that has made a call is listening. Earlier events are buffered. */
  #listening = false;
  #waiting: Reply[] = [];
  readonly #calls = new CallLimit();

  constructor(options: BridgeOptions) {
    this.#options = options;
    ipcMain.on(CHANNEL, (event, message) => {
      void this.#receive(event, message);
    });
  }

  /** The current window; null if none is open: events wait for the next. */
  attach(contents: WebContents | null): void {
    this.#contents = contents;
    this.#listening = false;
    // A new document: navigation within the studio is not a load, although `did-start-loading`
    // reports it too.
    const deaf = (): void => {
      this.#listening = false;
    };
    contents?.on('did-navigate', deaf);
    contents?.on('render-process-gone', deaf);
  }

  /**
   * Sends an event to the page. With `keep` it is buffered for a page that is not listening yet.
   */
  emit<N extends EventName>(event: N, payload: EventPayload<N>, keep = false): void {
    this.relayEvent(event, payload, keep);
  }

  /** An event of the host, validated by the page. */
  relayEvent(event: string, payload: unknown, keep = false): void {
    const reply: Reply = { type: 'event', event, payload };
    if (this.#listening && this.#contents !== null) this.#send(this.#contents, reply);
    else if (keep) this.#waiting.push(reply);
  }

  async #receive(event: IpcMainEvent, message: unknown): Promise<void> {
    const { sender } = event;
    // Another window or an embedded frame: the studio has none, so reject it.
    if (sender !== this.#contents || !isMainFrame(event)) return;
    const checked = v.safeParse(callSchema, message);
    if (!checked.success) return;
    const { id, procedure, input } = checked.output;
    if (!this.#listening) {
      this.#listening = true;
      for (const reply of this.#waiting.splice(0)) this.#send(sender, reply);
    }
    try {
      const output = await this.#calls.count(() =>
        Object.prototype.hasOwnProperty.call(SHELL_PROCEDURES, procedure)
          ? this.#answerShell(procedure as ShellProcedureName, input)
          : this.#options.relay(procedure, input),
      );
      this.#send(sender, { type: 'answer', id, output });
    } catch (error) {
      this.#send(sender, { type: 'refusal', id, error: toErrorReport(error) });
    }
  }

  async #answerShell(procedure: ShellProcedureName, input: unknown): Promise<unknown> {
    const checked = v.safeParse(SHELL_PROCEDURES[procedure].input, input);
    if (!checked.success) {
      const [issue] = checked.issues;
      throw new KarstError('usage', `${procedure} refuses its input: ${issue.message}.`, {
        hint: 'This is a fault in KARST Studio: please report it.',
      });
    }
    const answer = this.#options.shell[procedure] as (input: unknown) => unknown;
    return await answer(checked.output);
  }

  #send(contents: WebContents, reply: Reply): void {
    if (!contents.isDestroyed()) contents.send(CHANNEL, reply);
  }
}

/** Whether the page itself sent this, and still shows the studio. */
function isMainFrame(event: IpcMainEvent): boolean {
  const { sender } = event;
  const frame = event.senderFrame;
  // null if the frame has gone.
  return frame !== null && frame === sender.mainFrame && isOurs(frame.url);
}
