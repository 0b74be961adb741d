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

/** What a control says of its own value, beneath its label. */
export interface FieldNote {
  readonly tone: 'error' | 'warning';
  readonly text: string;
}

const NOTE: InjectionKey<ShallowRef<FieldNote | null>> = Symbol('note');
const FORM: InjectionKey<Map<symbol, string>> = Symbol('form');

/** For a field: what the control in it says of its value. */
export function useFieldNote(): Readonly<ShallowRef<FieldNote | null>> {
  const note = shallowRef<FieldNote | null>(null);
  provide(NOTE, note);
  return note;
}

/**
 * For a form: what stands in one of its number fields and is not taken, as a sentence that names the field; empty when all
 * are. What would use the values is off meanwhile.
 */
export function useNumberFaults(): ComputedRef<string> {
  const faults = shallowReactive(new Map<symbol, string>());
  provide(FORM, faults);
  return computed(() => [...faults.values()][0] ?? '');
}

/**
 * For a number field: tells the field and the form around it.
 *
 * @param note what stands below the field
 * @param fault the sentence for the form; empty while the value is taken
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
