import { describe, expect, it } from 'vitest';
import { flipReason } from '../../../shared/training/flip-reason.ts';
import { flipObjection, type FlipObjection } from '../../../shared/training/flip-rule.ts';
import { METHOD_DEFAULTS } from '../../../shared/training/method-defaults.ts';

describe('images may be mirrored', () => {
  it.each<[FlipObjection | null, readonly string[]]>([
    [null, []],
    [null, ['daisy', 'rose', 'tulip']],
    [null, ['crazing', 'rolled-in_scale', 'pitted_surface']],
    [null, ['West_Highland_white_terrier', 'Bernese']],
    // Other words inside of them.
    [null, ['bright', 'leftover', 'Wright', 'copyright', 'upright']],
    [null, ['vitamin_b', 'vitamin_d', 'type-l']],
    [null, ['t-shirt', 'hat']],
    [null, ['猫', '狗']],
    [null, ['개', '새']],
    ['digits', ['0', '1', '2']],
    ['digits', ['07', '12', 'none']],
    ['digits', ['٣', '٤']],
    ['letters', ['A', 'B', 'space']],
    ['letters', ['b', 'd', 'p', 'q']],
    ['letters', ['é', 'e\u0301', 'ж']],
    ['letters', ['あ', 'い']],
    ['sides', ['left_shoe', 'right_shoe']],
    ['sides', ['Turn Left', 'Ahead']],
    ['sides', ['LeftHand', 'none']],
    ['sides', ['hand-right2', 'none']],
    ['sides', ['hand_l', 'hand_r']],
    ['sides', ['ShoeL', 'ShoeR']],
    ['sides', ['左手', '右手']],
    ['sides', ['links', 'rechts']],
    ['sides', ['rechter Schuh', 'Hut']],
    ['sides', ['main gauche', 'main droite']],
    ['sides', ['mano izquierda', 'mano derecha']],
    ['sides', ['왼손', '오른손']],
    ['sides', ['counterclockwise', 'still']],
  ])('unless names are %s: %j', (objection, classes) => {
    expect(flipObjection(classes)).toBe(objection);
  });
});

describe('flips are on or off', () => {
  const usual = METHOD_DEFAULTS.karst.augmentation.flip;

  it('for a reason that is told', () => {
    const why = (flip: boolean, classes: readonly string[]) =>
      flipReason({ method: 'karst', flip }, classes);
    expect(why(false, ['1', '2'])).toBe('digits');
    expect(why(false, ['a', 'b'])).toBe('letters');
    expect(why(false, ['left', 'up'])).toBe('sides');
    expect(why(true, ['1', '2'])).toBe('set');
    expect(why(!usual, ['rose'])).toBe('set');
    expect(why(usual, ['rose'])).toBe(usual ? 'allowed' : 'validation');
  });
});
