import { defineStore } from 'pinia';
import { computed, shallowRef, watch } from 'vue';
import { usePreferredDark } from '@vueuse/core';
import type { Settings } from '../../shared/contract/window/system.ts';
import { toErrorReport } from '../../shared/domain/errors.ts';
import { useBridge } from '../bridge/index.ts';
import { resolveLocale, setLocale } from '../i18n.ts';
import { useToasts } from './toasts.ts';

/** Read by public/theme-start.js before the first paint, and here before the host has answered. */
const THEME_KEY = 'karst.theme';
const LANGUAGE_KEY = 'karst.language';

const DEFAULTS: Settings = {
  language: 'system',
  theme: 'system',
  threads: 0,
  device: 'auto',
  welcomed: false,
  project: null,
  folder: null,
};

function remembered(): Settings {
  const theme = localStorage.getItem(THEME_KEY);
  const language = localStorage.getItem(LANGUAGE_KEY);
  return {
    ...DEFAULTS,
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    language: language === 'en' || language === 'zh-CN' ? language : 'system',
  };
}

/** The settings that the host keeps. Theme and language take effect here. */
export const useSettings = defineStore('settings', () => {
  const bridge = useBridge();
  const toasts = useToasts();
  const current = shallowRef<Settings>(remembered());
  const prefersDark = usePreferredDark();
  const theme = computed<'light' | 'dark'>(() => {
    if (current.value.theme !== 'system') return current.value.theme;
    return prefersDark.value ? 'dark' : 'light';
  });

  async function load(): Promise<Settings> {
    current.value = await bridge.call('settings.get', {});
    return current.value;
  }

  /** After a change elsewhere. */
  function refresh(): void {
    load().catch((error: unknown) => toasts.fail(toErrorReport(error)));
  }

  /** Applied immediately; reverted if the host refuses. */
  async function update(change: Partial<Settings>): Promise<void> {
    const before = current.value;
    current.value = { ...before, ...change };
    try {
      current.value = await bridge.call('settings.update', change);
    } catch (error) {
      current.value = before;
      throw error;
    }
  }

  watch(
    theme,
    (now) => {
      document.documentElement.dataset['theme'] = now;
    },
    { immediate: true },
  );
  watch(
    () => current.value.language,
    (language) => setLocale(resolveLocale(language)),
    { immediate: true },
  );
  watch(current, ({ theme: wanted, language }) => {
    localStorage.setItem(THEME_KEY, wanted);
    localStorage.setItem(LANGUAGE_KEY, language);
  });
  bridge.on('library', ({ part }) => {
    if (part === 'settings') refresh();
  });
  bridge.onReconnected(refresh);

  return { current, theme, load, update };
});
