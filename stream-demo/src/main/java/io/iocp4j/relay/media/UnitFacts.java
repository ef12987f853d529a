package io.iocp4j.relay.media;

/**
 * What a unit says of itself.
 *
 * @param key whether a decoder can start here: the first picture of the unit needs no other picture
 * @param picture whether it has a picture; otherwise it has sound or other data only
 * @param reordered whether pictures are shown in another order than they arrive, as with B-frames
 * @param number the number of the fragment (mfhd, ISO/IEC 14496-12 section 8.8.5), 0 to 2^32 - 1; -1 if it has none
 */
public record UnitFacts(boolean key, boolean picture, boolean reordered, long number) {
}
