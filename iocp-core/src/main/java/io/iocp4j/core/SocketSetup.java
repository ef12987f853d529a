package io.iocp4j.core;

import java.net.StandardSocketOptions;

/** Sets the socket options that a connection's {@link TcpOptions} ask for, before the first byte. */
final class SocketSetup {
    private SocketSetup() {
    }

    static void apply(TcpOptions options, PortSocket socket) throws IoException {
        socket.option(StandardSocketOptions.TCP_NODELAY, options.noDelay());
        if (options.keepAlive()) {
            options.keepAliveTimes().applyTo(socket);
        }
        if (!options.userTimeout().isZero()) {
            socket.option(TcpOptions.USER_TIMEOUT, (int) options.userTimeout().toMillis());
        }
        if (options.sendBuffer() > 0) {
            socket.option(StandardSocketOptions.SO_SNDBUF, options.sendBuffer());
        }
        if (options.receiveBuffer() > 0) {
            socket.option(StandardSocketOptions.SO_RCVBUF, options.receiveBuffer());
        }
    }
}
