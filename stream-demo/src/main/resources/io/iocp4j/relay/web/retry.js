/*
 * Decides when to connect again after a connection has ended. Used by RelayPlayer.
 */
import { Close } from './protocol.js';

const BASE_MS = 250;
const CAP_MS = 15_000;
/** A server that restarts is back within a minute, and its viewers should be, too: until then they ask more often. */
const RESTART_MS = 60_000;
const RESTART_CAP_MS = 2_000;
const EXPONENT_LIMIT = 16;
const RESET_AFTER_MEDIA_MS = 5_000;
const SLOW_MS = 5_000;
const SERVER_WISH_LIMIT_MS = 60_000;

/** The wait of one player between two connections, with exponential backoff. */
export class Retry {
  #run;
  #timer = 0;
  #at = null;
  #exponent = 0;
  #failingSince = null;

  /** @param {() => void} run connects */
  constructor(run) {
    this.#run = run;
  }

  /** Returns whole seconds until the next attempt, or null when none is planned. */
  get seconds() {
    return this.#at === null ? null : Math.max(0, Math.ceil((this.#at - performance.now()) / 1000));
  }

  /** Plans the next attempt after the end that Connection reports. Plans none when the server forbids it. */
  plan({ code, retryMs, mediaMs }) {
    // Only media counts as success: a server that accepts and then closes must not be asked without a pause.
    if (mediaMs >= RESET_AFTER_MEDIA_MS) {
      this.#exponent = 0;
      this.#failingSince = null;
    }
    const now = performance.now();
    this.#failingSince ??= now;
    const capMs = now - this.#failingSince < RESTART_MS ? RESTART_CAP_MS : CAP_MS;
    if (Number.isFinite(retryMs)) {
      this.#wait(Math.min(Math.max(retryMs, 0), SERVER_WISH_LIMIT_MS));
    } else if (code === Close.NO_STREAM || code === Close.ENDED || code === Close.TOO_MANY) {
      this.#wait(SLOW_MS * (1 + Math.random()));
    } else if (!Close.isFinal(code)) {
      // Full jitter: viewers that lost the same server must not come back at the same moment.
      this.#wait(Math.random() * Math.min(capMs, BASE_MS * 2 ** this.#exponent));
      this.#exponent = Math.min(this.#exponent + 1, EXPONENT_LIMIT);
    }
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#at = null;
  }

  #wait(delayMs) {
    this.#at = performance.now() + delayMs;
    this.#timer = setTimeout(this.#run, delayMs);
  }
}
