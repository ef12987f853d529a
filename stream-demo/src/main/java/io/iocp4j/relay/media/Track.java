package io.iocp4j.relay.media;

/**
 * The data that the relay keeps of one {@code trak} box.
 *
 * @param id        number of the track in its movie
 * @param kind      kind of media that it carries
 * @param codec     codec for the mime type (RFC 6381); null if the kind is {@link Kind#OTHER}
 * @param width     width of the picture in pixels; 0 if it is not a picture
 * @param height    height of the picture in pixels; 0 if it is not a picture
 * @param timescale ticks of its clock per second, 1 to 2^32 - 1
 * @param nals      format of its NAL units; null if that is not known
 * @param entry     its sample entry, a whole box; null if the kind is {@link Kind#OTHER}
 * @param shift     ticks by which its edit list shows it earlier than its samples say
 * @param renamed   whether its sample entry has another type than the publisher sent
 */
record Track(int id, Kind kind, String codec, int width, int height, long timescale, NalFormat nals, byte[] entry,
        long shift, boolean renamed) {
    /** The kind of media that a track carries, from its {@code hdlr} box. */
    enum Kind { VIDEO, AUDIO, OTHER }

    /** Returns the track as the muxer needs it. */
    SampleTrack sampleTrack() {
        boolean video = kind == Kind.VIDEO;
        return new SampleTrack(video ? MediaTrack.VIDEO : MediaTrack.AUDIO, codec, timescale, width, height, entry,
                nals);
    }
}
