/*
 * Keeps the playhead of a video element a short, steady distance behind the newest media. It adjusts the playback rate,
 * and seeks where that would take too long. Used by Mp4Screen after each append; it uses no timers.
 */

const TARGET_S = 0.2;
const TARGET_BAND_S = 0.05;
const TARGET_MARGIN_S = 0.1;
const RATE_MIN = 0.95;
const RATE_MAX = 1.25;
const HARD_SEEK_BEYOND_TARGET_S = 1.3;
const JOIN_JUMP_BEYOND_TARGET_S = 0.2;
const PLAYING_BEFORE_SEEK_MS = 1_000;
const SEEK_SPACING_MS = 2_000;
const SEEK_SPACING_LIMIT_MS = 60_000;
const HOLE_SLACK_S = 0.01;

/** The live edge of one video element. Times are seconds of the element. */
export class LiveEdge {
  /** Whether a picture of the newest burst was shown, and whether its jump was made. Units carry it to their frame. */
  joining;

  #element;
  #sought;
  #end = 0;                // the end of the newest unit
  #interval = 0.033;       // smoothed duration of a unit
  #ahead = TARGET_S;       // smoothed media time between the frame shown and #end
  #playingSince = null;
  #soughtAt = -Infinity;
  #seekSpacingMs = SEEK_SPACING_MS;

  /** @param {() => void} sought called after each seek */
  constructor(element, sought) {
    this.#element = element;
    this.#sought = sought;
    this.join();
    element.addEventListener('playing', () => { this.#playingSince = performance.now(); });
    element.addEventListener('waiting', () => { this.#playingSince = null; });
  }

  /** The next media is a burst that starts in the past: after its first picture, jump to the live edge once. */
  join() {
    this.joining = { shown: false, jumped: false };
  }

  /** A unit was appended from start to end. caughtUp is true when neither it nor any unit behind it is from a burst. */
  appended({ start, end, caughtUp }) {
    this.#end = end;
    this.#interval += (Math.min(Math.max(end - start, 0), 2) - this.#interval) * 0.1;
    if (this.#escapeHole()) return;
    const now = performance.now();
    const ahead = end - this.#element.currentTime;
    this.#ahead += (ahead - this.#ahead) * 0.2;
    const target = Math.max(TARGET_S, this.#interval + TARGET_MARGIN_S);

    if (this.joining.shown && !this.joining.jumped && caughtUp) {
      this.joining.jumped = true;
      if (ahead > target + JOIN_JUMP_BEYOND_TARGET_S) {
        this.#seek(end - target);
        return;
      }
    }
    const steady = this.#playingSince !== null && now - this.#playingSince >= PLAYING_BEFORE_SEEK_MS;
    if (steady && ahead > target + HARD_SEEK_BEYOND_TARGET_S && now - this.#soughtAt >= this.#seekSpacingMs) {
      // Some decoders hold back more than the limit (an SPS without bitstream_restriction). Seeking then never helps,
      // and each seek interrupts the picture. So a seek that follows closely on another waits twice as long.
      const helped = now - this.#soughtAt > 4 * this.#seekSpacingMs;
      this.#seekSpacingMs = helped ? SEEK_SPACING_MS : Math.min(this.#seekSpacingMs * 2, SEEK_SPACING_LIMIT_MS);
      this.#seek(end - target);
      return;
    }
    const excess = this.#ahead - target;
    // Slowing down is always right: it ends a series of stalls, during which playback would never become steady.
    if (steady || excess < 0) this.#setRate(excess);
  }

  /** Seeks out of a hole: a playhead at a place where nothing is buffered would stay there for ever. */
  #escapeHole() {
    const { buffered, currentTime: time } = this.#element;
    let range = 0;
    while (range < buffered.length - 1 && time >= buffered.end(range) - HOLE_SLACK_S) range++;
    if (time >= buffered.start(range)) return false;
    this.#seek(buffered.start(range));
    return true;
  }

  #seek(time) {
    const element = this.#element;
    const { buffered } = element;
    this.#soughtAt = performance.now();
    element.currentTime = Math.max(time, buffered.start(buffered.length - 1));
    element.playbackRate = 1;
    this.#ahead = this.#end - element.currentTime;
    this.#sought();
  }

  #setRate(excess) {
    let rate = 1;
    if (Math.abs(excess) > TARGET_BAND_S) rate = Math.min(Math.max(1 + excess / 2, RATE_MIN), RATE_MAX);
    rate = Math.round(rate * 100) / 100;
    if (rate !== this.#element.playbackRate) this.#element.playbackRate = rate;
  }
}
