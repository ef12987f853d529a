package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Receives the init segments and units that a parser finds. Its methods are called on the thread that feeds the parser,
 * in the order of the stream. They must not feed the parser. An exception that they throw ends the parser and reaches
 * the caller that fed it.
 */
public interface MediaListener {
    /**
     * Receives a new init segment. It is the first event of every stream, and comes again whenever the publisher
     * restarts the stream.
     *
     * @param init the init segment, which may be kept
     * @throws MediaException to refuse the stream
     */
    void onInit(MediaInit init) throws MediaException;

    /**
     * Receives one complete unit, the smallest part that a browser can append or that may be dropped.
     *
     * @param unit all bytes of the unit, read-only; valid only during this call, so copy the bytes to keep them
     * @param facts what it says of itself
     * @throws MediaException to end the stream
     */
    void onUnit(ByteBuffer unit, UnitFacts facts) throws MediaException;
}
