package io.iocp4j.core;

import java.net.InetSocketAddress;

/**
 * Decides which newcomers a {@link TcpServer} accepts, and hears of every one that was not. Called by the workers of
 * the port, by several at the same time, so it must not block. An exception is logged, and the newcomer it was thrown
 * about is closed.
 */
public interface ConnectionFilter {
    /** Admits every newcomer. */
    ConnectionFilter ALL = new ConnectionFilter() {
    };

    /** Why a newcomer was closed. */
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
     * An accept failed, for want of descriptors for example. The server lives on and accepts again a little later. Not
     * called about a peer that was gone before it was accepted, which is no failure of the server.
     *
     * @param failure the reason, with the address that it listens on
     */
    default void onAcceptFailed(IoException failure) {
    }
}
