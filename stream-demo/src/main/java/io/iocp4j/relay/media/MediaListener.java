package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Receives the init segments and units that a parser finds. Its methods are called on the thread that feeds the parser,
 * in the order of the stream. They must not feed the parser. An exception that they throw ends the parser and reaches
 * the caller that fed it.
 */
public interface MediaListener {
    /**
     * Receives new init segments. They are the first event of every stream, and come again whenever the publisher
     * restarts the stream or one of its tracks changes. An unchanged track has the same bytes again.
     *
     * @param init the init segments, which may be kept
     * @throws MediaException to refuse the stream
     */
    void onInit(MediaInit init) throws MediaException;

    /**
     * Receives one complete unit of one track, the smallest part that a browser can append or that may be dropped.
     *
     * @param track the number of its track, as in {@link MediaTrack#number()}
     * @param unit  all bytes of the unit, read-only; valid only during this call, so copy the bytes to keep them
     * @param facts what it says of itself
     * @throws MediaException to end the stream
     */
    void onUnit(int track, ByteBuffer unit, UnitFacts facts) throws MediaException;
}
