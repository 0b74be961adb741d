import { afterEach, describe, expect, it } from 'vitest';
import { describeError, errorAsText } from '../../../../renderer/domain/errors.ts';
import { i18n } from '../../../../renderer/i18n.ts';

const gone = {
  code: 'not-found',
  message: 'The backbone "leaves" is no longer at /b.safetensors.',
  hint: 'Bring the file back.',
  path: '/b.safetensors',
} as const;

afterEach(() => {
  i18n.global.locale.value = 'en';
});

describe('an error in words', () => {
  it('is its own sentences in English, and the kind of it elsewhere', () => {
    expect(describeError(gone)).toEqual({ what: gone.message, todo: gone.hint });
    i18n.global.locale.value = 'zh-CN';
    const { what, todo } = describeError(gone);
    for (const words of [what, todo]) expect(words).toMatch(/^[^a-z]+$/i);
    expect(errorAsText(gone)).toContain(gone.message);
  });

  it('names in every language the entry that the library has already', () => {
    const known = {
      code: 'already-added',
      message: '/b is in the library already, as "leaves" (bb-1).',
      hint: 'Use "leaves".',
      entry: 'leaves',
    } as const;
    expect(describeError(known)).toEqual({ what: known.message, todo: known.hint });
    i18n.global.locale.value = 'zh-CN';
    expect(describeError(known).what).toContain('“leaves”');
    expect(describeError(known).todo).toContain('移除');
  });

  it('sends nobody from a window to the command line', () => {
    const hint = 'Bring it back, or add it with `karst backbone add`.';
    expect(describeError({ ...gone, hint }).todo).toBe(
      'Check that the file or folder is still where it was.',
    );
  });
});
