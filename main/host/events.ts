import type { EventName, EventPayload } from '../../shared/contract/window/events.ts';

/** Emits an event to every window. */
export type Emit = <N extends EventName>(event: N, payload: EventPayload<N>) => void;

/** A subscriber, such as a window. Must not throw. */
export type EventListener = (event: EventName, payload: unknown) => void;

/** Forwards events to the current subscribers; nothing is buffered for later ones. */
export class Announcer {
  readonly #listeners = new Set<EventListener>();

  readonly emit: Emit = (event, payload) => {
    for (const listener of [...this.#listeners]) listener(event, payload);
  };

  /** @returns a function that unsubscribes */
  listen(listener: EventListener): () => void {
    // Wrapped, so that one function may subscribe twice and unsubscribe once.
    const own: EventListener = (event, payload) => listener(event, payload);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
