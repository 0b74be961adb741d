import { KarstError } from '../../shared/domain/errors.ts';
import type { HubSettings } from './settings.ts';

/** An answer that is no success. */
interface Refused {
  readonly url: URL;
  readonly status: number;
  /** The host's own words. */
  readonly said: string;
  /** The hub's word for the reason (`GatedRepo`, `RepoNotFound`). */
  readonly code: string | null;
}

/** The model that an address of the hub is about. */
function addressIn({ pathname }: URL): string {
  const [owner = '', name = ''] = pathname.replace(/^\/(api\/models\/)?/, '').split('/');
  return `${owner}/${name}`;
}

/** What an answer's status means to a person. */
export function refusal(refused: Refused, settings: HubSettings): KarstError {
  const { url, status, code } = refused;
  const atHub = url.origin === settings.endpoint.origin;
  const address = addressIn(url);
  if (atHub && (code === 'GatedRepo' || (status === 403 && settings.token === null)))
    return gated(address, settings);
  if (atHub && (status === 401 || code === 'RepoNotFound'))
    return settings.token === null ? hidden(address, settings) : wrongToken(address, settings);
  if (atHub && status === 403) return wrongToken(address, settings);
  if (status === 404)
    return new KarstError('not-found', `${url.host} has no ${url.pathname.slice(1)}.`, {
      hint: `Look at ${settings.endpoint.origin}/${address} in a browser.`,
    });
  const said = refused.said.trim().split('\n')[0]?.slice(0, 200) ?? '';
  return new KarstError(
    'unreachable',
    `${url.host} answered with status ${status}${said === '' ? '' : `: ${said}`}.`,
    { hint: 'Try again later: what has arrived is kept.' },
  );
}

function gated(address: string, settings: HubSettings): KarstError {
  const page = `${settings.endpoint.origin}/${address}`;
  return new KarstError(
    'access-refused',
    `${address} is gated: its terms have to be accepted${settings.token === null ? ', and there is no token' : ' by the account of your token'}.`,
    { hint: `Accept them at ${page}. ${whereTokens(settings)}` },
  );
}

function hidden(address: string, settings: HubSettings): KarstError {
  return new KarstError(
    'access-refused',
    `${settings.endpoint.host} shows no model ${address} to a stranger: there is none, or it is private.`,
    { hint: `Check the name. ${whereTokens(settings)}` },
  );
}

function wrongToken(address: string, settings: HubSettings): KarstError {
  return new KarstError(
    'access-refused',
    `${settings.endpoint.host} does not give ${address} for your token: there is no such model, or the token may not read it.`,
    {
      hint: `Look at ${settings.endpoint.origin}/${address} in a browser. ${whereTokens(settings)}`,
    },
  );
}

function whereTokens({ endpoint, tokenFile }: HubSettings): string {
  return `A token is made at ${endpoint.origin}/settings/tokens and put into the environment variable HF_TOKEN, or into ${tokenFile}.`;
}
