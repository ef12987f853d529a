package io.iocp4j.relay.media;

/**
 * What the relay keeps of one {@code trak}.
 *
 * @param id        number of the track in its movie
 * @param kind      what it carries
 * @param codec     codec for the mime type (RFC 6381); null if the kind is {@link Kind#OTHER}
 * @param width     width of the picture in pixels; 0 if it is not a picture
 * @param height    height of the picture in pixels; 0 if it is not a picture
 * @param timescale units of its clock per second, 1 to 2^32 - 1
 * @param nals      how its pictures are cut; null if that is not known
 */
record Track(int id, Kind kind, String codec, int width, int height, long timescale, NalFormat nals) {
    /** What a track carries, from its {@code hdlr} box. */
    enum Kind { VIDEO, AUDIO, OTHER }
}
