/*
 * Where this relay is, and what the user may show it. Used by everything that asks the relay for something. All
 * addresses are relative to this file, so that the relay can live below any path of a proxy.
 *
 * A token stands in the fragment of the page's address, as #t=TOKEN, because browsers never send the fragment. A signed
 * link has its signature in the query, which is passed on to the WebSocket.
 */
const SIGNATURE = ['key', 'exp', 'nbf', 'max', 'sig'];
const TOKEN = new URLSearchParams(location.hash.slice(1)).get('t');

/** The address of the relay, which ends with a slash. */
export const ROOT = new URL('./', import.meta.url);

/** Returns the address of a page or of the API; path is relative to the relay. */
export const siteUrl = (path) => new URL(path, ROOT).href;

/** Returns the address of a page that keeps the token. */
export const pageUrl = (path) => siteUrl(path) + location.hash;

/** Returns the fields that a request to the API or to a publisher's address needs. */
export const loginFields = () => (TOKEN ? { Authorization: `Bearer ${TOKEN}` } : {});

/** Opens the WebSocket of a path, relative to the relay. */
export function openSocket(path, subprotocol) {
  const url = new URL(path, ROOT);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const given = new URLSearchParams(location.search);
  SIGNATURE.filter((name) => given.has(name)).forEach((name) => url.searchParams.set(name, given.get(name)));
  return new WebSocket(url, TOKEN ? [subprotocol, `bearer.${base64Url(TOKEN)}`] : [subprotocol]);
}

function base64Url(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

// Another token is another login: begin again with it.
addEventListener('hashchange', () => location.reload());
