import type { RawData, WebSocket } from 'ws';
import * as v from 'valibot';
import { callSchema, type Call, type Reply } from '../../../shared/contract/window/messages.ts';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import type { Dispatcher } from '../api/dispatch.ts';

const HEARTBEAT_MS = 20_000;

/**
 * Limits of a window's send buffer in bytes. Above the first it lags: events superseded by the next
 * one are dropped.
 */
const LAGGING = 2 ** 20;
/** Above this it is disconnected; it reconnects when it can and reloads everything. */
const DROWNED = 32 * 2 ** 20;

/**
 * Limit of a window's calls in progress or with unsent answers. Further calls wait in the
 * connection, which is not read until then: backpressure on a window that does not read its
 * answers.
 */
const MOST_UNDER_WAY = 16;

/** Milliseconds for windows to close their side. */
const FAREWELL_MS = 1_000;

/** Close codes of RFC 6455. */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;

interface Window {
  readonly socket: WebSocket;
  /** Whether it answered the last heartbeat. */
  alive: boolean;
  /** Calls in progress. */
  worked: number;
  /** Answers not yet handed to the operating system. */
  untaken: number;
  /** Calls received together with others that wait. */
  readonly waiting: Call[];
}

/** Windows connected by WebSocket, any number: calls in, answers and events out. */
export class Windows {
  readonly #dispatcher: Pick<Dispatcher, 'call'>;
  readonly #windows = new Set<Window>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #leave: () => void;

  constructor(dispatcher: Pick<Dispatcher, 'call' | 'onEvent'>, heartbeatMs = HEARTBEAT_MS) {
    this.#dispatcher = dispatcher;
    this.#leave = dispatcher.onEvent((event, payload) => this.#announce(event, payload));
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  get count(): number {
    return this.#windows.size;
  }

  /** Adopts a connection whose upgrade was allowed. */
  add(socket: WebSocket): void {
    const window: Window = { socket, alive: true, worked: 0, untaken: 0, waiting: [] };
    this.#windows.add(window);
    socket.on('pong', () => (window.alive = true));
    socket.on('close', () => this.#windows.delete(window));
    // An oversized message or a broken frame: the connection is unusable.
    socket.on('error', () => socket.terminate());
    socket.on('message', (data, isBinary) => {
      if (isBinary) socket.close(UNSUPPORTED_DATA, 'text only');
      else this.#receive(window, data);
    });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#leave();
    await Promise.all(
      [...this.#windows].map(
        ({ socket }) =>
          new Promise<void>((resolve) => {
            const late = setTimeout(() => socket.terminate(), FAREWELL_MS);
            socket.once('close', () => {
              clearTimeout(late);
              resolve();
            });
            socket.close(GOING_AWAY, 'the studio ends');
          }),
      ),
    );
  }

  #receive(window: Window, data: RawData): void {
    const call = parseCall(data);
    if (call === null) {
      window.socket.close(POLICY_VIOLATION, 'invalid message');
      return;
    }
    window.waiting.push(call);
    this.#proceed(window);
  }

  /** Starts as many waiting calls as the limit allows; reads on when none is left. */
  #proceed(window: Window): void {
    const { socket, waiting } = window;
    while (isFree(window)) {
      const call = waiting.shift();
      if (call === undefined) break;
      void this.#work(window, call);
    }
    if (waiting.length === 0 && isFree(window)) socket.resume();
    else socket.pause();
  }

  async #work(window: Window, call: Call): Promise<void> {
    window.worked++;
    const answer = await this.#answer(call);
    window.worked--;
    window.untaken++;
    // Also called with an error, for a window that has gone.
    send(window, answer, () => {
      window.untaken--;
      this.#proceed(window);
    });
  }

  async #answer({ id, procedure, input }: Call): Promise<string> {
    try {
      const output = await this.#dispatcher.call(procedure, input);
      return message({ type: 'answer', id, output });
    } catch (error) {
      return message({ type: 'refusal', id, error: toErrorReport(error) });
    }
  }

  #announce(event: string, payload: unknown): void {
    const text = message({ type: 'event', event, payload });
    for (const window of this.#windows) {
      const { bufferedAmount } = window.socket;
      if (bufferedAmount > DROWNED) window.socket.terminate();
      else if (bufferedAmount <= LAGGING || !isSuperseded(event, payload)) send(window, text);
    }
  }

  #beat(): void {
    for (const window of this.#windows) {
      // A connection that is paused while its calls are handled cannot answer.
      if (!window.alive && window.worked === 0) {
        window.socket.terminate();
        continue;
      }
      window.alive = false;
      if (window.socket.readyState === window.socket.OPEN) window.socket.ping();
    }
  }
}

/** Whether the next event of the kind supersedes this one. */
function isSuperseded(event: string, payload: unknown): boolean {
  return (
    event === 'runProgress' ||
    (event === 'task' && (payload as { state?: unknown }).state === 'running')
  );
}

function parseCall(data: RawData): Call | null {
  let document: unknown;
  try {
    document = JSON.parse((data as Buffer).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const outcome = v.safeParse(callSchema, document);
  return outcome.success ? outcome.output : null;
}

const message = (reply: Reply): string => JSON.stringify(reply);

function isFree({ worked, untaken, socket }: Window): boolean {
  return worked + untaken < MOST_UNDER_WAY && socket.bufferedAmount <= LAGGING;
}

/** @param taken called once the system has taken it or never will */
function send({ socket }: Window, text: string, taken: () => void = () => undefined): void {
  // The window has gone while its answer was computed.
  if (socket.readyState === socket.OPEN) socket.send(text, taken);
  else taken();
}
