package io.iocp4j.core;

/**
 * How a connection ended. {@link TcpHandler#onClose} gets what began the end; {@link TcpConnection#closed()} also knows
 * what came after a {@code close()} of this side: an error while the rest was flushed, and bytes that were lost.
 *
 * @param error null after an orderly end or a close by us, else the first error
 * @param initiator who began it
 * @param cause what was thrown, or what says more about the error, such as the limit that was met; or null
 * @param bytesLost bytes that were accepted from the application and not taken by the operating system; still 0 in
 *        {@link TcpHandler#onClose}
 */
public record CloseInfo(IoError error, Initiator initiator, Throwable cause, long bytesLost) {
    /** The side that began the end. */
    public enum Initiator {
        /** This side: {@code close()}, {@code abort()}, a limit, a handler that threw. */
        LOCAL,
        /** The peer or the network. */
        REMOTE
    }

    /**
     * Tells whether both sides were told and nothing was lost. Ask what {@link TcpConnection#closed()} gave: at
     * {@link TcpHandler#onClose}, after a {@code close()} or {@code abort()} of this side, it is not known yet.
     *
     * @return true after an orderly end
     */
    public boolean clean() {
        return error == null && bytesLost == 0;
    }
}
