import { once } from 'node:events';
import { KarstError } from '../../shared/domain/errors.ts';
import {
  OPENAPI_PATH,
  PREDICT_PATH,
  predictSnippets,
  TOKEN_VARIABLE,
} from '../../shared/domain/predict-snippets.ts';
import type { Predictor } from '../../shared/domain/predictor.ts';
import { servePredictions, type PredictionServer } from '../host/serve/prediction-server.ts';
import { withStudio, type CommandContext } from './context.ts';
import type { Console } from './output/console.ts';

/** The longest that a timer can wait: the engine stays loaded. */
const FOREVER_MS = 2 ** 31 - 1;

/** What `--predict` and `--backbone` name; null for the studio itself. @throws usage */
export function predictorOf({
  predict,
  backbone,
}: {
  predict?: string | true;
  backbone?: string;
}): Predictor | null {
  if (predict === undefined && backbone === undefined) return null;
  if (typeof predict === 'string' && backbone === undefined)
    return { kind: 'adapter', id: predict };
  if (predict === true && backbone !== undefined) return { kind: 'backbone', id: backbone };
  throw new KarstError('usage', 'Either an adapter or a backbone is served.', {
    hint: 'karst serve --predict ADAPTER, or karst serve --predict --backbone BACKBONE.',
  });
}

/** Serves it until Ctrl-C. @throws in-use, not-available, not-found, and what loading it throws */
export async function servePredictor(
  context: CommandContext,
  model: Predictor,
  port: number,
): Promise<void> {
  const { console } = context;
  const token = givenToken();
  await withStudio(
    context,
    async ({ predictions }, signal) => {
      const served = predictions.describe(model);
      const stopped = once(signal, 'abort');
      // A model that cannot be loaded ends this before anybody knows the address.
      console.note(`Loading ${served.name}`);
      await Promise.race([predictions.makeReady(model), stopped]);
      if (signal.aborted) return;
      const server = await servePredictions({
        served,
        predict: (picture, top) => predictions.ofPicture(model, picture, top),
        port,
        ...(token === undefined ? {} : { token }),
      });
      try {
        tellPredictor(console, server, served.name);
        await stopped;
      } finally {
        await server.close();
      }
    },
    { warmMs: FOREVER_MS },
  );
  console.emit({ event: 'ended' });
}

/** The token of the environment. @throws usage when it could be guessed */
function givenToken(): string | undefined {
  const token = process.env[TOKEN_VARIABLE];
  if (!token || /^[\w~+/.=-]{16,}$/.test(token)) return token || undefined;
  throw new KarstError('usage', `${TOKEN_VARIABLE} is no token.`, {
    hint: 'At least 16 letters, digits and ~ + / . = _ -; or leave it out for a new one.',
  });
}

function tellPredictor(console: Console, server: PredictionServer, name: string): void {
  const { port, origin, token } = server;
  const url = `${origin}${PREDICT_PATH}`;
  console.emit({ event: 'serving', url, port, token, model: name });
  console.say(
    `${console.bold(name)} answers pictures that are sent to`,
    `  ${console.bold(url)}`,
    `with this token, which other programs take from ${TOKEN_VARIABLE}:`,
    `  ${token}`,
    'For example:',
    ...predictSnippets(origin)
      .curl.split('\n')
      .map((line) => `  ${line}`),
    console.dim(`${origin}${OPENAPI_PATH} describes it. Ctrl-C ends it.`),
  );
}
