package io.iocp4j.jna;

import java.net.SocketOption;
import java.util.Map;
import java.util.Optional;

/**
 * A socket option whose value is one int, with its Windows numbers.
 *
 * @param level the level for setsockopt
 * @param number the option name for setsockopt
 * @param unit how many units of the option are one unit of Windows, which counts seconds instead of milliseconds for
 *        some options
 */
record WinOption(int level, int number, int unit) {
    private static final int IPPROTO_TCP = 6;

    /** The options by name: the JDK's constants for keep-alive intervals are in a module that not every runtime has. */
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

    /** The value in the unit of Windows. It is rounded up, so that a timeout is never too short. */
    int value(Object value) {
        if (value instanceof Boolean on) {
            return on ? 1 : 0;
        }
        return Math.ceilDiv((Integer) value, unit);
    }
}
