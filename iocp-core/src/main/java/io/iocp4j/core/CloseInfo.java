package io.iocp4j.core;

/**
 * The end of a connection. {@link TcpHandler#onClose} gets the event that began the end. {@link TcpConnection#closed()}
 * also gives the events after a {@code close()} of this side: an error while the rest was flushed, and bytes that were
 * lost.
 *
 * @param error null after a graceful end or a close by us, else the first error
 * @param initiator the side that began the end
 * @param cause the exception, or more detail about the error, such as the limit that was reached; or null
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
     * Tells whether the connection ended without an error and lost no bytes. Call it on the result of
     * {@link TcpConnection#closed()}: in {@link TcpHandler#onClose}, after a {@code close()} or {@code abort()} of this
     * side, the outcome is not known yet.
     *
     * @return true after a graceful end
     */
    public boolean clean() {
        return error == null && bytesLost == 0;
    }
}
