package io.iocp4j.core;

import java.net.InetSocketAddress;

/**
 * Stands at the door of a {@link TcpServer}: says who may come in, and hears of everybody who did not. Called by the port's workers,
 * by several at the same time, so it must not wait. What it throws is logged; a newcomer that it threw about does not come in.
 */
public interface TcpGate {
    /** Lets everybody in. */
    TcpGate OPEN = new TcpGate() {
    };

    /** Why a newcomer did not come in. */
    enum Drop {
        /** {@link TcpOptions#maxConnections()} were open, or as many as the memory budget has room for. */
        FULL,
        /** {@link TcpGate#admits} said no, or threw. */
        REFUSED,
        /** The server was closed while it came. */
        CLOSING
    }

    /**
     * Whether a newcomer may come in. One that may not is closed at once, and counted as dropped.
     *
     * @param local our address
     * @param remote the newcomer's
     * @return true to let it in
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
    default void onDrop(InetSocketAddress local, InetSocketAddress remote, Drop why) {
    }

    /**
     * An accept failed, for want of descriptors for example. The server lives on and accepts again a little later. Not called about a
     * peer that was gone before it was accepted, which is no failure of the server.
     *
     * @param failure the reason, with the address that it listens on
     */
    default void onAcceptFailed(IoException failure) {
    }
}
