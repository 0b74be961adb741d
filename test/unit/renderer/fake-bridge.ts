import type { EventName, EventPayload } from '../../../shared/contract/window/events.ts';
import type { Input, Output, ProcedureName } from '../../../shared/contract/window/procedures.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Bridge, ConnectionState } from '../../../renderer/bridge/index.ts';

type Answer<N extends ProcedureName> = (input: Input<N>) => Output<N> | Promise<Output<N>>;
export type Answers = { readonly [N in ProcedureName]?: Answer<N> };

/**
 * A bridge for store and component tests: answers by the given functions, records every call, and
 * emits events on request.
 */
export class FakeBridge implements Bridge {
  connection: ConnectionState = 'open';
  readonly calls: { readonly procedure: ProcedureName; readonly input: unknown }[] = [];
  readonly answers: { [N in ProcedureName]?: Answer<N> };
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();

  constructor(answers: Answers = {}) {
    this.answers = { ...answers };
  }

  async call<N extends ProcedureName>(procedure: N, input: Input<N>): Promise<Output<N>> {
    this.calls.push({ procedure, input });
    const answer = this.answers[procedure];
    if (answer === undefined) {
      throw new KarstError('not-available', `The fake bridge has no answer to ${procedure}.`);
    }
    return answer(input);
  }

  /** Inputs of all calls of one procedure, in order. */
  inputsOf<N extends ProcedureName>(procedure: N): Input<N>[] {
    return this.calls
      .filter((call) => call.procedure === procedure)
      .map((call) => call.input as Input<N>);
  }

  on<N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void): () => void {
    return this.#add(`event:${event}`, listener);
  }

  emit<N extends EventName>(event: N, payload: EventPayload<N>): void {
    this.#tell(`event:${event}`, payload);
  }

  onConnection(listener: (state: ConnectionState) => void): () => void {
    return this.#add('connection', listener);
  }

  onReconnected(listener: () => void): () => void {
    return this.#add('reconnected', listener);
  }

  onFault(listener: (error: KarstError) => void): () => void {
    return this.#add('fault', listener);
  }

  become(state: ConnectionState): void {
    const again = this.connection === 'lost' && state === 'open';
    this.connection = state;
    this.#tell('connection', state);
    if (again) this.#tell('reconnected', undefined);
  }

  pathOf(file: File): string | null {
    return `/dropped/${file.name}`;
  }

  #add(kind: string, listener: (payload: never) => void): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #tell(kind: string, payload: unknown): void {
    for (const listener of [...(this.#listeners.get(kind) ?? [])]) listener(payload as never);
  }
}
