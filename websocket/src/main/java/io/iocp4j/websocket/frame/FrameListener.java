package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;

/**
 * Receives the frames that a {@link FrameDecoder} finds, in the order of the wire. For each frame it gets the header
 * once, then the payload in one or more pieces. Runs on the thread that called {@link FrameDecoder#decode}.
 */
public interface FrameListener {
    /**
     * Called when a header is complete and valid.
     *
     * @param header the header
     * @throws ProtocolException to fail the connection; the decoder then accepts no further input
     */
    void onFrameHeader(FrameHeader header) throws ProtocolException;

    /**
     * Called when the next bytes of the payload have arrived. A frame without payload causes one call with an empty
     * piece.
     *
     * @param part the bytes from position to limit, unmasked; a writable view of the decoder's input, lent for the call
     * @param last whether the frame ends here
     * @throws ProtocolException to fail the connection; the decoder then accepts no further input
     */
    void onFramePayload(ByteBuffer part, boolean last) throws ProtocolException;
}
