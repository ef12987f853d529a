package io.iocp4j.jna;

import java.net.SocketOption;
import java.util.Map;
import java.util.Optional;

/**
 * A socket option of one int, by the numbers of Windows.
 *
 * @param level of setsockopt
 * @param number of setsockopt
 * @param unit how many of the option's units are one of Windows: it counts seconds where others count milliseconds
 */
record WinOption(int level, int number, int unit) {
    private static final int IPPROTO_TCP = 6;

    /** By name, since those of the keep-alive intervals live in a module of the JDK that not every runtime has. */
    private static final Map<String, WinOption> OPTIONS = Map.of(
            "TCP_NODELAY", new WinOption(IPPROTO_TCP, 1, 1),
            "SO_KEEPALIVE", new WinOption(WinApi.SOL_SOCKET, 0x0008, 1),
            "SO_SNDBUF", new WinOption(WinApi.SOL_SOCKET, 0x1001, 1),
            "SO_RCVBUF", new WinOption(WinApi.SOL_SOCKET, 0x1002, 1),
            "TCP_KEEPIDLE", new WinOption(IPPROTO_TCP, 3, 1),
            "TCP_KEEPINTERVAL", new WinOption(IPPROTO_TCP, 17, 1),
            "TCP_KEEPCOUNT", new WinOption(IPPROTO_TCP, 16, 1),
            // TCP_MAXRT; TCP_MAXRTMS is not in every Windows that runs this JDK
            "TCP_USER_TIMEOUT", new WinOption(IPPROTO_TCP, 5, 1000));

    static Optional<WinOption> of(SocketOption<?> option) {
        return Optional.ofNullable(OPTIONS.get(option.name()));
    }

    /** The value as Windows counts it; rounded up, so that nothing is given up early. */
    int value(Object value) {
        if (value instanceof Boolean on) {
            return on ? 1 : 0;
        }
        return Math.ceilDiv((Integer) value, unit);
    }
}
