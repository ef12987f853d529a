/*
 * Which screen shows the media of a container. Used by RelayPlayer.
 *
 * A screen has an element, bufferMs and rate; join() before a burst from the past, init(bytes, mime), push(unit),
 * play(), close(); and static unsupportedReason(mime). RelayPlayer names its events where it opens one.
 */
import { JpegScreen } from './jpeg-screen.js';
import { Mp4Screen } from './mp4-screen.js';

const SCREENS = new Map([['fmp4', Mp4Screen], ['webm', Mp4Screen], ['mjpeg', JpegScreen]]);

/** Returns the screen for the picture of a stream without sound, or undefined. */
export const screenFor = ({ container }) => SCREENS.get(container);

/** Returns the reason in words why this browser or page cannot show a stream, or null. */
export function unsupportedReason(format) {
  const Screen = screenFor(format);
  return Screen ? Screen.unsupportedReason(format.mime) : `This page cannot play the container ${format.container}`;
}
