import {
  computed,
  inject,
  onBeforeUnmount,
  provide,
  shallowReactive,
  shallowRef,
  watchEffect,
  type ComputedRef,
  type InjectionKey,
  type ShallowRef,
} from 'vue';

/** A control's error about its own value, shown below the label. */
export interface FieldNote {
  readonly tone: 'error' | 'warning';
  readonly text: string;
}

const NOTE: InjectionKey<ShallowRef<FieldNote | null>> = Symbol('note');
const FORM: InjectionKey<Map<symbol, string>> = Symbol('form');

/** For a field: the error of its control. */
export function useFieldNote(): Readonly<ShallowRef<FieldNote | null>> {
  const note = shallowRef<FieldNote | null>(null);
  provide(NOTE, note);
  return note;
}

/**
 * For a form: the rejected input of one of its number fields, as a sentence naming the field; empty
 * if there is none. Submitting is disabled meanwhile.
 */
export function useNumberFaults(): ComputedRef<string> {
  const faults = shallowReactive(new Map<symbol, string>());
  provide(FORM, faults);
  return computed(() => [...faults.values()][0] ?? '');
}

/**
 * For a number field: reports to the field and the form around it.
 *
 * @param note text below the field
 * @param fault the sentence for the form; empty while the value is valid
 */
export function tellNumber(note: () => FieldNote | null, fault: () => string): void {
  const field = inject(NOTE, null);
  const form = inject(FORM, null);
  const key = Symbol('number');
  watchEffect(() => {
    if (field !== null) field.value = note();
    const sentence = fault();
    if (sentence === '') form?.delete(key);
    else form?.set(key, sentence);
  });
  onBeforeUnmount(() => form?.delete(key));
}
