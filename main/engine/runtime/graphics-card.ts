/// <reference types="@webgpu/types" />
import { createRequire } from 'node:module';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Card } from '../../backends/webgpu/session.ts';

/** A graphics card, or software that stands in for one, in use. */
export interface OpenCard extends Card {
  /** As the driver names it. */
  readonly name: string;
  /** Nothing of it can be used afterwards. */
  close(): void;
}

/** With the value `software`, only software implementations are found, otherwise only cards. */
const KIND_VARIABLE = 'KARST_GPU';

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i;

/** No adapter has this name: asked for it, Dawn answers with the names of all there are. */
const NOBODY = 'no adapter has this name';

/** Limits that are asked for: otherwise a device has the least of each. */
const LIMITS = ['maxBufferSize', 'maxStorageBufferBindingSize'] as const;

/**
 * By the adapter that they look for. Kept as long as the process: a device whose instance is
 * collected takes the process with it.
 */
const instances = new Map<string, GPU>();

/** The graphics cards of this machine, in the order of their drivers. */
export async function cardNames(): Promise<readonly string[]> {
  const software = process.env[KIND_VARIABLE] === 'software';
  return (await adapterNames()).filter((name) => SOFTWARE.test(name) === software);
}

/**
 * Opens a graphics card.
 * @param name one of `cardNames`; the first unless given
 * @throws KarstError engine-unavailable if there is none, or none of that name
 */
export async function openCard(name?: string): Promise<OpenCard> {
  const names = await cardNames();
  const chosen = name === undefined ? names[0] : names.find((one) => one === name);
  if (chosen === undefined) throw noCard(name, names);
  const adapter = await instanceFor(chosen).requestAdapter();
  if (adapter === null) throw noCard(chosen, names);
  const requiredLimits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const device = await adapter.requestDevice({ requiredLimits });
  let failure: KarstError | null = null;
  let closed = false;
  void device.lost.then(({ message }) => {
    if (!closed) failure = lost(chosen, message);
  });
  device.onuncapturederror = ({ error }) => {
    failure ??= new KarstError(
      'internal',
      `The graphics card ${chosen} refuses a command: ${error.message}`,
      { hint: 'Please report this with the log. Training on the processor is not affected.' },
    );
  };
  return {
    device,
    name: chosen,
    largestBuffer: Math.min(...LIMITS.map((limit) => device.limits[limit])),
    check: () => {
      if (failure !== null) throw failure;
    },
    close: () => {
      closed = true;
      device.destroy();
    },
  };
}

function instanceFor(adapter: string): GPU {
  const known = instances.get(adapter);
  if (known !== undefined) return known;
  const require = createRequire(import.meta.url);
  const dawn = require('webgpu') as { create(options: readonly string[]): GPU };
  const made = dawn.create([`adapter=${adapter}`]);
  instances.set(adapter, made);
  return made;
}

/** @throws whatever Dawn throws instead of a list */
async function adapterNames(): Promise<string[]> {
  const instance = instanceFor(NOBODY);
  try {
    await instance.requestAdapter();
    return [];
  } catch (error) {
    const list = error instanceof Error ? error.message : '';
    if (!list.includes('Available adapters')) throw error;
    return [...list.matchAll(/name: '([^']*)'/g)].map(([, found = '']) => found);
  }
}

function noCard(name: string | undefined, names: readonly string[]): KarstError {
  const others = names.length === 0 ? '' : ` There is: ${names.join(', ')}.`;
  const message =
    name === undefined
      ? 'No graphics card is reached by Vulkan, Direct3D 12 or Metal on this machine.'
      : `There is no graphics card "${name}" on this machine.${others}`;
  return new KarstError('engine-unavailable', message, {
    hint: 'On Linux, install the package libvulkan1 and the driver of the card.',
  });
}

function lost(name: string, message: string): KarstError {
  return new KarstError('engine-unavailable', `The graphics card ${name} is gone: ${message}`, {
    hint: 'Resume the run from its last checkpoint when the card is back, or train on the processor.',
  });
}
