import { onScopeDispose, ref, type Ref } from 'vue';

/** Scroll speed, in list heights per second, above which pictures are not seen. */
const QUICK = 2;
/** Milliseconds without scrolling that count as rest. */
const REST_MS = 120;

export interface Passing {
  /** Scrolled so quickly that loading pictures is useless. */
  readonly passing: Readonly<Ref<boolean>>;
  /** Call it on every scroll event. */
  readonly scrolled: () => void;
}

/** Detects fast scrolling of a list. */
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
