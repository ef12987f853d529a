package io.iocp4j.core;

import java.net.InetSocketAddress;

/**
 * Decides which newcomers a {@link TcpServer} accepts, and is called for every newcomer that was closed at once.
 * Several workers of the port call it at the same time, so it must be thread-safe and must not block. An exception is
 * logged, and the newcomer of that call is closed.
 */
public interface ConnectionFilter {
    /** Admits every newcomer. */
    ConnectionFilter ALL = new ConnectionFilter() {
    };

    /** The reason why a newcomer was closed. */
    enum DropReason {
        /** {@link TcpOptions#maxConnections()} were open, or as many as the memory budget has room for. */
        FULL,
        /** {@link ConnectionFilter#admits} returned false, or threw. */
        REFUSED,
        /** The server was closed meanwhile. */
        CLOSING
    }

    /**
     * Decides about a newcomer. One that is not admitted is closed at once, and counted as dropped.
     *
     * @param local our address
     * @param remote the newcomer's
     * @return true to admit it
     */
    default boolean admits(InetSocketAddress local, InetSocketAddress remote) {
        return true;
    }

    /**
     * A newcomer was closed at once.
     *
     * @param local our address
     * @param remote the newcomer's
     * @param why the reason
     */
    default void onDrop(InetSocketAddress local, InetSocketAddress remote, DropReason why) {
    }

    /**
     * A connection that was admitted is gone, and so is its place: called once for each call of {@link #admits} that
     * returned true, also for a newcomer that was closed at once.
     *
     * @param remote the peer's address
     */
    default void onGone(InetSocketAddress remote) {
    }

    /**
     * An accept failed, for example for lack of descriptors. The server goes on and accepts again a little later. Not
     * called when a peer was gone before it was accepted, since that is no failure of the server.
     *
     * @param failure the reason, with the address that it listens on
     */
    default void onAcceptFailed(IoException failure) {
    }
}
