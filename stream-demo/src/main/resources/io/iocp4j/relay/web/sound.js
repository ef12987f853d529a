/*
 * Whether a player plays the sound of its stream, and how loud. Used by RelayPlayer.
 */
import { Burst } from './burst.js';
import { SoundScreen } from './sound-screen.js';

const BACK_UNITS = 20;
const BACK_WINDOW_MS = 1_500;

export class Sound {
  volume = { muted: true, level: 1 };

  #silentEpoch = null;     // in this epoch the track of sound has no sound, so the picture is played alone
  #arrivals = new Burst(BACK_UNITS, BACK_WINDOW_MS);

  /** Tells whether the track of sound is there, but without sound. */
  isSilent(format) {
    return this.#silentEpoch !== null && this.#silentEpoch === format.epoch;
  }

  /** The tracks to play together, or null to play the picture alone. */
  tracks(format) {
    const { container, tracks } = format;
    const usable = container === 'fmp4' && Array.isArray(tracks) && !this.isSilent(format);
    return usable && !SoundScreen.unsupportedReason(tracks) ? tracks : null;
  }

  /** Plays the picture alone from now on. */
  isGone(format) {
    this.#silentEpoch = format.epoch;
    this.#arrivals.clear();
  }

  /**
   * Takes a unit that came while it was silent. Returns true if the sound is back. A few stray units are not yet sound:
   * each change interrupts the picture for a moment.
   */
  isBack() {
    if (!this.#arrivals.add()) return false;
    this.#silentEpoch = null;
    return true;
  }

  /** Gives a screen the volume. Returns "on", "muted", "silent" or "none". */
  apply(screen, format) {
    if (!(screen instanceof SoundScreen)) return this.isSilent(format) ? 'silent' : 'none';
    screen.element.volume = this.volume.level;
    screen.element.muted = this.volume.muted;
    return this.volume.muted ? 'muted' : 'on';
  }
}
