package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Receives what a parser found. Called on the thread that feeds the parser, in the order of the stream. The parser must
 * not be fed from inside these methods. Whatever they throw ends the parser and reaches the caller that fed it.
 */
public interface MediaListener {
    /**
     * A new init segment: the first event of every stream, and again whenever the publisher starts anew.
     *
     * @param init the init segment, which may be kept
     * @throws MediaException to refuse the stream
     */
    void onInit(MediaInit init) throws MediaException;

    /**
     * One complete unit: what a browser can append as a whole, and the least that may be dropped.
     *
     * @param unit all bytes of the unit, read-only; lent for this call, so copy what shall be kept
     * @param key  whether the picture can start here: the unit begins with a picture that needs no other one
     * @throws MediaException to end the stream
     */
    void onUnit(ByteBuffer unit, boolean key) throws MediaException;
}
