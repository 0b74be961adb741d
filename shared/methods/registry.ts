import { full } from './full.ts';
import { karst } from './karst.ts';
import { linear } from './linear.ts';

/** Every method, in the order in which they are offered. */
export const METHODS = [karst, linear, full] as const;

export type Method = (typeof METHODS)[number]['name'];

export const METHOD_NAMES = METHODS.map(({ name }) => name);
