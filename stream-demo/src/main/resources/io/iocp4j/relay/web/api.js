/*
 * Requests to the API of the relay. Used by the dashboard.
 */
import { loginFields, siteUrl } from './site.js';

const ANSWER_LIMIT_MS = 5_000;

/** Returns the response, if it is a success. Throws an Error whose message tells why it is not. */
export async function ask(method, path) {
  const response = await fetch(siteUrl(path),
    { method, cache: 'no-store', headers: loginFields(), signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  if (!response.ok) {
    const words = (await response.text()).trim();
    throw new Error(words.length > 0 && words.length < 200 ? words : `status ${response.status}`);
  }
  return response;
}

/** Returns the object that the relay answers with. Throws an Error whose message tells why there is none. */
export const read = async (path) => (await ask('GET', path)).json();

/** Makes a link that shows one stream for a limited time. Throws an Error whose message tells why there is none. */
export async function makeLink(path, time) {
  const query = new URLSearchParams({ path, for: time });
  const { link } = await (await ask('POST', `api/v1/links?${query}`)).json();
  return siteUrl(link);
}

/** Ends a viewer or a publisher. Throws an Error whose message tells why it cannot be ended. */
export const end = (path) => ask('DELETE', path);
