import { computed } from 'vue';
import { createI18n } from 'vue-i18n';
import { en } from './locales/en/index.ts';
import type { KeysOf } from './locales/shape.ts';
import { zhCN } from './locales/zh-CN/index.ts';

export const LOCALES = ['en', 'zh-CN'] as const;
export type Locale = (typeof LOCALES)[number];
export type MessageKey = KeysOf<typeof en>;
export type MessageValues = Readonly<Record<string, string | number>>;

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en, 'zh-CN': zhCN },
});

/** The current language. */
export const locale = computed<Locale>(() => i18n.global.locale.value);

type Translate = (key: string, values: Record<string, unknown>, plural: number) => string;

/**
 * A message in the current language; reactive in templates. The parameter `count` selects the
 * plural form (`no images | one image | {count} images`).
 */
export function t(key: MessageKey, values: MessageValues = {}): string {
  const translate = i18n.global.t as Translate;
  const { count } = values;
  if (typeof count !== 'number') return translate(key, values, 1);
  const written = new Intl.NumberFormat(locale.value).format(count);
  return translate(key, { ...values, count: written }, count);
}

/** Whether there is a message for a key built from host data. */
export function hasMessage(key: string): key is MessageKey {
  return i18n.global.te(key, 'en');
}

/** `system` takes the browser's first supported language, else English. */
export function resolveLocale(
  wanted: Locale | 'system',
  spoken: readonly string[] = navigator.languages,
): Locale {
  if (wanted !== 'system') return wanted;
  for (const language of spoken) {
    if (/^zh\b/i.test(language)) return 'zh-CN';
    if (/^en\b/i.test(language)) return 'en';
  }
  return 'en';
}

export function setLocale(wanted: Locale): void {
  i18n.global.locale.value = wanted;
  document.documentElement.lang = wanted;
}
