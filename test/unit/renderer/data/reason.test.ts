import { afterEach, describe, expect, it } from 'vitest';
import { i18n } from '../../../../renderer/i18n.ts';
import { reasonInWords } from '../../../../renderer/views/dataset/reason.ts';

afterEach(() => {
  i18n.global.locale.value = 'en';
});

describe('why a file is not used', () => {
  it('is the exact sentence in English, and the kind of reason elsewhere', () => {
    const sentence = 'It is an exact duplicate of zero/1.png.';
    expect(reasonInWords('duplicate', sentence)).toBe(sentence);
    i18n.global.locale.value = 'zh-CN';
    expect(reasonInWords('duplicate', sentence)).toMatch(/^[^a-z]+$/i);
  });
});
