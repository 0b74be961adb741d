import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { Diagnosis } from '../../shared/contract/window/system.ts';
import { toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { useBridge } from '../bridge/index.ts';

/** The machine's diagnosis. Loaded once: it takes an engine some seconds. */
export const useDiagnosis = defineStore('diagnosis', () => {
  const bridge = useBridge();
  const answer = shallowRef<Diagnosis | null>(null);
  const error = shallowRef<ErrorReport | null>(null);
  const asking = ref(false);

  async function ask(again: boolean): Promise<void> {
    if (asking.value) return;
    asking.value = true;
    try {
      answer.value = await bridge.call('system.diagnose', { again });
      error.value = null;
    } catch (thrown) {
      error.value = toErrorReport(thrown);
    } finally {
      asking.value = false;
    }
  }

  async function ensure(): Promise<void> {
    if (answer.value === null) await ask(false);
  }

  return { answer, error, asking, ask, ensure };
});
