import { parseArgs } from 'node:util';
import * as v from 'valibot';
import {
  shellMessageSchema,
  type HostProcessMessage,
  type ShellMessage,
} from '../../../shared/contract/shell/messages.ts';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import { spawnChildEngine } from '../engine/child-engine.ts';
import type { Studio } from '../contract/studio.ts';
import { studioHome } from '../home.ts';
import { openStudio } from '../open-studio.ts';
import { openDispatcher, type Dispatcher } from './dispatch.ts';

/**
 * The host as a child process of the desktop shell: `node process.ts --home DIR`. It exits when the
 * shell asks or has gone, after suspending runs with a checkpoint.
 */

interface Opened {
  readonly studio: Studio;
  readonly dispatcher: Dispatcher;
}

function tell(message: HostProcessMessage): void {
  // Ignored: a shell that has gone ends this process anyway.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function open(home: string): Promise<Opened> {
  const studio = await openStudio({ home, spawn: spawnChildEngine });
  try {
    const dispatcher = await openDispatcher({ studio });
    dispatcher.onEvent((event, payload) => tell({ type: 'event', event, payload }));
    return { studio, dispatcher };
  } catch (error) {
    await studio.close();
    throw error;
  }
}

async function answer(dispatcher: Dispatcher, message: Exclude<ShellMessage, { type: 'close' }>) {
  const { id } = message;
  try {
    if (message.type === 'picture') {
      const { bytes, type } = await dispatcher.picture(message.media, message.size);
      const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      tell({ type: 'picture', id, contentType: type, base64: base64.toString('base64') });
      return;
    }
    const output = await dispatcher.call(message.procedure, message.input);
    tell({ type: 'answer', id, output: output ?? {} });
  } catch (error) {
    tell({ type: 'refusal', id, error: toErrorReport(error) });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { home: { type: 'string' } } });
  const opening = open(studioHome(values.home));
  let ending: Promise<void> | null = null;
  const end = (): Promise<void> => {
    ending ??= opening.then(
      async ({ studio, dispatcher }) => {
        await dispatcher.close();
        await studio.close();
      },
      // Reported already, and there is nothing to close.
      () => undefined,
    );
    return ending;
  };
  const finish = (): void => {
    // Nothing that still keeps the process alive (thread pool, open pipe) is needed.
    end().then(
      () => process.exit(),
      (error: unknown) => {
        process.stderr.write(`${toErrorReport(error).message}\n`);
        process.exit(1);
      },
    );
  };
  process.on('message', (raw) => {
    const { success, output } = v.safeParse(shellMessageSchema, raw);
    if (!success) {
      process.stderr.write('The shell sent an invalid message, which is ignored.\n');
      return;
    }
    if (output.type === 'close') finish();
    else
      void opening.then(
        ({ dispatcher }) => answer(dispatcher, output),
        () => undefined,
      );
  });
  process.on('disconnect', finish);
  // A terminal's Ctrl-C reaches the shell too, which closes this process in order.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, finish);

  try {
    await opening;
    tell({ type: 'ready' });
  } catch (error) {
    process.exitCode = 1;
    process.send?.({ type: 'failed', error: toErrorReport(error) }, undefined, undefined, () =>
      process.exit(1),
    );
  }
}

await main();
