import type { RawData, WebSocket } from 'ws';
import * as v from 'valibot';
import { callSchema, type Call, type Reply } from '../../../shared/contract/window/messages.ts';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import type { Dispatcher } from '../api/dispatch.ts';

const HEARTBEAT_MS = 20_000;

/** Bytes that wait for a window. Above the first it lags: what the next event says anew is left out. */
const LAGGING = 2 ** 20;
/** Above this it is cut off; it connects again when it breathes, and asks for everything anew. */
const DROWNED = 32 * 2 ** 20;

/**
 * Calls of one window that are under way: being worked on, or answered and not taken yet. Those after them wait in the
 * connection, which is not read meanwhile, so that who asks without reading is held up and costs nothing.
 */
const MOST_UNDER_WAY = 16;

/** Milliseconds that windows get to close their side. */
const FAREWELL_MS = 1_000;

/** Close codes of RFC 6455. */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;

interface Window {
  readonly socket: WebSocket;
  /** It answered the last heartbeat. */
  alive: boolean;
  /** Calls in progress. */
  worked: number;
  /** Answers that the system has not taken from us yet. */
  untaken: number;
  /** Calls that came with others in one piece, and wait. */
  readonly waiting: Call[];
}

/** The windows that are connected by WebSocket, any number at once: calls in, answers and events out. */
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

  /** Takes over a connection whose upgrade was allowed. */
  add(socket: WebSocket): void {
    const window: Window = { socket, alive: true, worked: 0, untaken: 0, waiting: [] };
    this.#windows.add(window);
    socket.on('pong', () => (window.alive = true));
    socket.on('close', () => this.#windows.delete(window));
    // A message beyond the limit or a broken frame: the connection is of no use any more.
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
      window.socket.close(POLICY_VIOLATION, 'a message that is not as agreed');
      return;
    }
    window.waiting.push(call);
    this.#proceed(window);
  }

  /** Begins as many of the waiting calls as may be under way, and reads on when none is left. */
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
    // Called with an error, too, for a window that is gone.
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
      // A connection that is not read, as calls of it are worked on, has no way to answer.
      if (!window.alive && window.worked === 0) {
        window.socket.terminate();
        continue;
      }
      window.alive = false;
      if (window.socket.readyState === window.socket.OPEN) window.socket.ping();
    }
  }
}

/** Whether the next event of the kind says all that this one does. */
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

/** @param taken called once, when the system has taken it or never will */
function send({ socket }: Window, text: string, taken: () => void = () => undefined): void {
  // A window that went away while its answer was made.
  if (socket.readyState === socket.OPEN) socket.send(text, taken);
  else taken();
}
