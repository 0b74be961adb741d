// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { hasMessage, resolveLocale, setLocale, t } from '../../../renderer/i18n.ts';
import { en } from '../../../renderer/locales/en/index.ts';
import { zhCN } from '../../../renderer/locales/zh-CN/index.ts';
import { ERROR_CODES } from '../../../shared/domain/error-report.ts';
import { ADVICE_WORDS } from '../../../shared/training/advice-words.ts';
import { EXPORT_NOTES } from '../../../shared/domain/export-words.ts';
import { FINDING_KINDS } from '../../../shared/domain/problem-kinds.ts';

interface Tree {
  readonly [key: string]: string | Tree;
}

function leaves(tree: Tree, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[`${prefix}${key}`, value]] : leaves(value, `${prefix}${key}.`),
  );
}

function placeholders(message: string): string[] {
  return [...new Set(message.match(/\{\w+\}/g) ?? [])].sort();
}

const english = leaves(en);
const chinese = new Map(leaves(zhCN));

beforeEach(() => {
  setLocale('en');
});

describe('the languages', () => {
  it('have the same messages with the same placeholders', () => {
    expect([...chinese.keys()].sort()).toEqual(english.map(([key]) => key).sort());
    for (const [key, message] of english) {
      const other = chinese.get(key) ?? '';
      // A singular form may omit the number: "one image".
      const wanted = placeholders(message).filter((name) => name !== '{count}');
      const found = placeholders(other).filter((name) => name !== '{count}');
      expect(found, key).toEqual(wanted);
    }
  });

  it('say nothing with an exclamation mark', () => {
    for (const [key, message] of [...english, ...chinese]) {
      expect(message, key).not.toMatch(/[!！]/);
    }
  });

  it('are spelled as American English spells', () => {
    const british =
      /licence|colour|grey|centre|favour|behaviour|labell|(?:initial|normal|optim|recogn|memor|summar)is/i;
    for (const [key, message] of english)
      expect(message.replace(/\{\w+\}/g, ''), key).not.toMatch(british);
    for (const note of Object.values(EXPORT_NOTES)) expect(note).not.toMatch(british);
  });

  it('are written in their own script', () => {
    const names = /^(English|简体中文|KARST Studio|Node)$/;
    for (const [key, message] of english) {
      if (!names.test(message)) expect(message, key).not.toMatch(/\p{Script=Han}/u);
    }
    const untranslated = english.filter(
      ([key, message]) => chinese.get(key) === message && /[a-z]{3,} [a-z]{2,}/.test(message),
    );
    expect(untranslated).toEqual([]);
  });

  it('have words for every kind of problem of a dataset, and for no other', () => {
    for (const part of ['kinds', 'reasons', 'todos']) {
      const prefix = `data.problems.${part}.`;
      const keys = english.map(([key]) => key).filter((key) => key.startsWith(prefix));
      expect(keys.map((key) => key.slice(prefix.length)).sort()).toEqual([...FINDING_KINDS].sort());
    }
  });

  it('have words for every error that a user may meet', () => {
    for (const code of ERROR_CODES) {
      expect(hasMessage(`errors.what.${code}`), code).toBe(true);
      expect(hasMessage(`errors.todo.${code}`), code).toBe(true);
    }
  });
});

describe('English messages', () => {
  /** Whose numbers are never one. */
  const SEVERAL = [
    'backbones.words.vit',
    'backbones.words.swin',
    'backbones.addDialog.files',
    'charts.smoothing.over',
    'runs.run.advice.finding.no-learning',
    'tryIt.tooMany',
  ];
  const PLURAL =
    /(?<! of )\{\w+\} (?:images|epochs|steps|classes|blocks|files|runs|heads|adapters|datasets|folders|rows)\b(?!\/)/;

  it('have a form for one where they count, or take the number with its noun', () => {
    const wrong = english.filter(
      ([key, message]) =>
        PLURAL.test(message) && !message.includes(' | ') && !SEVERAL.includes(key),
    );
    expect(wrong).toEqual([]);
    expect(t('runs.run.checkpointedShort', { blocks: t('units.blocks', { count: 1 }) })).toContain(
      'gradient checkpointing of one block.',
    );
  });

  it('of advice are right for one epoch', () => {
    for (const sentence of [
      ...Object.values(ADVICE_WORDS.finding),
      ...Object.values(ADVICE_WORDS.remedy),
    ])
      expect(sentence).not.toMatch(/\} (?:epochs|images|validation images)\b/);
  });
});

describe('messages', () => {
  it('choose the form for a number and write it as the language does', () => {
    expect(t('units.images', { count: 0 })).toBe('no images');
    expect(t('units.images', { count: 1 })).toBe('one image');
    expect(t('units.images', { count: 1234 })).toBe('1,234 images');
    setLocale('zh-CN');
    expect(t('units.images', { count: 1 })).toBe('1 张图像');
  });

  it('tell apart which keys there are', () => {
    expect(hasMessage('tasks.phase.training')).toBe(true);
    expect(hasMessage('tasks.phase.juggling')).toBe(false);
  });
});

describe('the language of the system', () => {
  it('is the first of the browser’s that the studio has', () => {
    expect(resolveLocale('system', ['fr-FR', 'zh-TW', 'en'])).toBe('zh-CN');
    expect(resolveLocale('system', ['en-GB', 'zh-CN'])).toBe('en');
    expect(resolveLocale('system', ['fr-FR'])).toBe('en');
    expect(resolveLocale('zh-CN', ['en'])).toBe('zh-CN');
  });
});
