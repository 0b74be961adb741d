import { onScopeDispose, ref, type Ref } from 'vue';

/** Heights of the list in a second above which nobody sees what passes by. */
const QUICK = 2;
/** So long after the last scrolling it is at rest. */
const REST_MS = 120;

export interface Passing {
  /** The list is scrolled so quickly that loading pictures would only hold it up. */
  readonly passing: Readonly<Ref<boolean>>;
  /** To be told of every scrolling. */
  readonly scrolled: () => void;
}

/** Whether what a list shows is only passed by. */
export function usePassing(list: Readonly<Ref<HTMLElement | null>>): Passing {
  const passing = ref(false);
  let last = { top: 0, at: 0 };
  let rest: ReturnType<typeof setTimeout> | undefined;

  function scrolled(): void {
    if (list.value === null) return;
    const now = { top: list.value.scrollTop, at: performance.now() };
    const speed = (1000 * Math.abs(now.top - last.top)) / (now.at - last.at);
    passing.value = speed > QUICK * list.value.clientHeight;
    last = now;
    clearTimeout(rest);
    rest = setTimeout(() => (passing.value = false), REST_MS);
  }

  onScopeDispose(() => {
    clearTimeout(rest);
  });
  return { passing, scrolled };
}
