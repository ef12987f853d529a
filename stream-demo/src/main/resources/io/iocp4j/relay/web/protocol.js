/*
 * The messages and close codes of relay.v1, as the server sends them. Pure: no socket, no clock. Used by Connection;
 * RelayPlayer and Retry look at close codes.
 */

export const SUBPROTOCOL = 'relay.v1';

const HEADER_BYTES = 16;
const KIND_INIT = 1;
const KIND_MEDIA = 2;
const TRACK_SOUND = 2;
const FLAG_KEY = 1;
const FLAG_DISCONT = 2;
const FLAG_FROM_CACHE = 4;

/** The close codes that are treated specially. */
export const Close = Object.freeze({
  /** Whether another attempt with the same login cannot succeed. */
  isFinal: (code) => code === Close.POLICY || code === Close.LOGIN_NEEDED || code === Close.NOT_ALLOWED,

  LOST: 1006,
  POLICY: 1008,
  LOGIN_NEEDED: 4401,
  NOT_ALLOWED: 4403,
  BAD_MESSAGE: 4400,
  NO_STREAM: 4404,
  ENDED: 4410,
  TOO_MANY: 4429,
});

const CLOSE_WORDS = new Map([
  [1000, 'the server closed the connection'],
  [1001, 'the server is going away'],
  [1003, 'the server cannot relay this container'],
  [Close.LOST, 'the connection was lost'],
  [Close.POLICY, 'the server does not allow it'],
  [1009, 'a message was too big'],
  [1011, 'the server had an internal error'],
  [1012, 'the server is restarting'],
  [1013, 'the server is overloaded'],
  [Close.BAD_MESSAGE, 'the server sent something that is not relay.v1'],
  [Close.LOGIN_NEEDED, 'a login is needed: add #t= and a token to the address of this page'],
  [Close.NOT_ALLOWED, 'this login or link does not allow it, or no longer'],
  [Close.NO_STREAM, 'there is no such stream'],
  [4408, 'this connection is too slow for the stream'],
  [4409, 'the publisher was replaced'],
  [Close.ENDED, 'the stream has ended'],
  [Close.TOO_MANY, 'there are too many viewers or attempts at the moment'],
]);

/** Returns the meaning of a close code to a viewer, in words. */
export const closeWords = (code) => CLOSE_WORDS.get(code) ?? `close code ${code}`;

/** Returns the object in a control text, or null when the text is not one. */
export function parseControl(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.t === 'string' ? message : null;
  } catch (error) {
    console.warn('relay.v1: not JSON:', error.message);
    return null;
  }
}

/** Returns the unit in a binary message, which is a header and a payload, or null when the message is not one. */
export function parseUnit(data) {
  if (data.byteLength <= HEADER_BYTES) return null;
  const header = new DataView(data, 0, HEADER_BYTES);
  const kind = header.getUint8(0);
  if (kind !== KIND_INIT && kind !== KIND_MEDIA) return null;
  const flags = header.getUint8(1);
  // Microseconds since 1970 stay below 2^53 until the year 2255, so the sum of the two halves is exact.
  const originMicros = header.getUint32(8) * 2 ** 32 + header.getUint32(12);
  return {
    init: kind === KIND_INIT,
    key: (flags & FLAG_KEY) !== 0,
    discont: (flags & FLAG_DISCONT) !== 0,
    cached: (flags & FLAG_FROM_CACHE) !== 0,
    sound: header.getUint16(2) === TRACK_SOUND,
    seq: header.getUint32(4),
    originMs: originMicros / 1000,
    bytes: new Uint8Array(data, HEADER_BYTES),
  };
}
