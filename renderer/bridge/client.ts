import * as v from 'valibot';
import { EVENTS, type EventName, type EventPayload } from '../../shared/contract/window/events.ts';
import {
  PROCEDURES,
  type Input,
  type Output,
  type ProcedureName,
} from '../../shared/contract/window/procedures.ts';
import { replySchema } from '../../shared/contract/window/messages.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import type { ConnectionState, Transport } from './transport.ts';

type Unsubscribe = () => void;

/** The window's connection to the host: calls, events, connection state. */
export interface Bridge {
  readonly connection: ConnectionState;
  /** @throws KarstError the host's error; `not-available` when the connection is lost */
  call<N extends ProcedureName>(procedure: N, input: Input<N>): Promise<Output<N>>;
  on<N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void): Unsubscribe;
  onConnection(listener: (state: ConnectionState) => void): Unsubscribe;
  /** Events were missed: views reload what they show. */
  onReconnected(listener: () => void): Unsubscribe;
  /** A message that violates the contract. */
  onFault(listener: (error: KarstError) => void): Unsubscribe;
  /** Path of a dropped file; null in a browser. */
  pathOf(file: File): string | null;
}

interface Pending {
  readonly procedure: ProcedureName;
  resolve(output: unknown): void;
  reject(error: KarstError): void;
}

type AnyListener = (payload: never) => void;

/** A set of listeners that may unsubscribe while being notified. */
class Listeners<T extends readonly unknown[]> {
  readonly #all = new Set<(...values: T) => void>();

  add(listener: (...values: T) => void): Unsubscribe {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  tell(...values: T): void {
    for (const listener of [...this.#all]) listener(...values);
  }
}

/** The bridge over any transport. Answers and events are validated against the contract. */
export class BridgeClient implements Bridge {
  readonly #transport: Transport;
  readonly #pending = new Map<number, Pending>();
  readonly #events = new Map<EventName, Set<AnyListener>>();
  readonly #connection = new Listeners<[ConnectionState]>();
  readonly #reconnected = new Listeners<[]>();
  readonly #fault = new Listeners<[KarstError]>();
  /** Calls made before the first connection; sent once connected. */
  #waiting: (() => void)[] = [];
  #nextId = 1;
  #opened = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.start({
      message: (message) => this.#receive(message),
      stateChanged: (state) => this.#changed(state),
    });
  }

  get connection(): ConnectionState {
    return this.#transport.state;
  }

  call<N extends ProcedureName>(procedure: N, input: Input<N>): Promise<Output<N>> {
    return new Promise<Output<N>>((resolve, reject) => {
      const pending = { procedure, resolve, reject };
      const send = () => {
        const id = this.#nextId++;
        this.#pending.set(id, pending);
        this.#transport.send({ type: 'call', id, procedure, input });
      };
      if (this.connection === 'open') send();
      else if (this.connection === 'connecting') this.#waiting.push(send);
      else reject(connectionLost());
    });
  }

  on<N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void): Unsubscribe {
    const listeners = this.#events.get(event) ?? new Set();
    this.#events.set(event, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  onConnection(listener: (state: ConnectionState) => void): Unsubscribe {
    return this.#connection.add(listener);
  }

  onReconnected(listener: () => void): Unsubscribe {
    return this.#reconnected.add(listener);
  }

  onFault(listener: (error: KarstError) => void): Unsubscribe {
    return this.#fault.add(listener);
  }

  pathOf(file: File): string | null {
    return this.#transport.pathOf(file);
  }

  #changed(state: ConnectionState): void {
    if (state === 'open') {
      const again = this.#opened;
      this.#opened = true;
      for (const send of this.#waiting.splice(0)) send();
      this.#connection.tell(state);
      if (again) this.#reconnected.tell();
      return;
    }
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#connection.tell(state);
    for (const call of pending) call.reject(connectionLost());
  }

  #receive(message: unknown): void {
    const checked = v.safeParse(replySchema, message);
    if (!checked.success) {
      this.#fault.tell(notAsAgreed('A message of the host', checked.issues));
      return;
    }
    const reply = checked.output;
    if (reply.type === 'event') this.#tell(reply.event, reply.payload);
    else this.#settle(reply);
  }

  #settle(reply: Extract<v.InferOutput<typeof replySchema>, { id: number }>): void {
    const pending = this.#pending.get(reply.id);
    // The answer to a call of an earlier connection, which was rejected already.
    if (pending === undefined) return;
    this.#pending.delete(reply.id);
    if (reply.type === 'refusal') {
      pending.reject(KarstError.fromReport(reply.error));
      return;
    }
    const checked = v.safeParse(PROCEDURES[pending.procedure].output, reply.output);
    if (checked.success) pending.resolve(checked.output);
    else pending.reject(notAsAgreed(`The answer to ${pending.procedure}`, checked.issues));
  }

  #tell(name: string, payload: unknown): void {
    if (!isEventName(name)) {
      this.#fault.tell(notAsAgreed(`The event ${name}`, []));
      return;
    }
    const listeners = this.#events.get(name);
    if (listeners === undefined || listeners.size === 0) return;
    const checked = v.safeParse(EVENTS[name], payload);
    if (!checked.success) {
      this.#fault.tell(notAsAgreed(`The event ${name}`, checked.issues));
      return;
    }
    for (const listener of [...listeners]) listener(checked.output as never);
  }
}

function isEventName(name: string): name is EventName {
  return Object.hasOwn(EVENTS, name);
}

function connectionLost(): KarstError {
  return new KarstError('not-available', 'The connection to the studio was lost.', {
    hint: 'Reconnecting; try again in a moment.',
  });
}

function notAsAgreed(what: string, issues: readonly v.BaseIssue<unknown>[]): KarstError {
  const [issue] = issues;
  const where = issue === undefined ? '' : (v.getDotPath(issue) ?? '');
  const detail = issue === undefined ? '' : ` ${where}: ${issue.message}`;
  return new KarstError('internal', `${what} is invalid.${detail}`, {
    hint: 'The window and the host may be of different versions: restart the studio.',
  });
}
