import { InvalidArgumentError } from 'commander';

/** Parsers of numbers in arguments. They throw `InvalidArgumentError`, which the usage error quotes. */

export function number(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

export function wholeNumber(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('It must be a whole number of 0 or more.');
  }
  return value;
}

export function port(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be 65535 or less.');
  return value;
}

export function positive(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return value;
}

export function share(text: string): number {
  const value = number(text);
  if (value < 0 || value >= 1) throw new InvalidArgumentError('It must be from 0 to below 1.');
  return value;
}
