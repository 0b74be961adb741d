import type { EventName, EventPayload } from '../../shared/contract/window/events.ts';

/** Tells every window that something happened. */
export type Emit = <N extends EventName>(event: N, payload: EventPayload<N>) => void;

/** One window, or whatever else wants to know. Must not throw. */
export type EventListener = (event: EventName, payload: unknown) => void;

/** Passes events on to those who listen at that moment; nothing is kept for later ones. */
export class Announcer {
  readonly #listeners = new Set<EventListener>();

  readonly emit: Emit = (event, payload) => {
    for (const listener of [...this.#listeners]) listener(event, payload);
  };

  /** Returns the way to stop listening. */
  listen(listener: EventListener): () => void {
    // A wrapper of its own, so that one function may listen twice and leave once.
    const own: EventListener = (event, payload) => listener(event, payload);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
