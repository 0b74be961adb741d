import { readFileSync } from 'node:fs';

/** The colours of one theme in renderer/styles/tokens.css, by name. */
export type Tokens = ReadonlyMap<string, string>;

const css = readFileSync(new URL('../../../renderer/styles/tokens.css', import.meta.url), 'utf8');

function tokensOf(selector: string): Tokens {
  const start = css.indexOf(`${selector} {`);
  if (start < 0) throw new Error(`No rule ${selector}`);
  const rule = css.slice(start, css.indexOf('\n}', start));
  return new Map(
    [...rule.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = '', colour = '']) => [
      name,
      colour,
    ]),
  );
}

export const THEMES: { readonly light: Tokens; readonly dark: Tokens } = {
  light: tokensOf("[data-theme='light']"),
  dark: tokensOf("[data-theme='dark']"),
};

export type Colour = readonly [red: number, green: number, blue: number];

function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** Converts to linear light, 0..1. */
export function light(hex: string): Colour {
  const value = Number.parseInt(hex.slice(1), 16);
  return [linear((value >> 16) & 255), linear((value >> 8) & 255), linear(value & 255)];
}
