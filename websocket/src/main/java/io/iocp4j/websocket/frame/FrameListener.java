package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;

/**
 * What a {@link FrameDecoder} found, in the order of the wire: for each frame one header, then its payload in one or
 * more parts. Runs on the thread that called {@link FrameDecoder#decode}.
 */
public interface FrameListener {
    /**
     * A frame begins. Every rule about headers has been checked.
     *
     * @param header the header
     * @throws ProtocolException to fail the connection; the decoder then takes no further input
     */
    void onFrameHeader(FrameHeader header) throws ProtocolException;

    /**
     * The next bytes of the payload have arrived. A frame without payload gets one call with an empty part.
     *
     * @param part the bytes from position to limit, unmasked; a writable view of the decoder's input, lent for the call
     * @param last whether the frame ends here
     * @throws ProtocolException to fail the connection; the decoder then takes no further input
     */
    void onFramePayload(ByteBuffer part, boolean last) throws ProtocolException;
}
