package io.iocp4j.jna;

import java.net.SocketOption;
import java.util.Map;

/**
 * A socket option of one int, by the numbers of Windows.
 *
 * @param level of setsockopt
 * @param number of setsockopt
 */
record WinOption(int level, int number) {
    private static final int IPPROTO_TCP = 6;

    /** By name, since those of the keep-alive intervals live in a module of the JDK that not every runtime has. */
    private static final Map<String, WinOption> OPTIONS = Map.of(
            "TCP_NODELAY", new WinOption(IPPROTO_TCP, 1),
            "SO_KEEPALIVE", new WinOption(WinApi.SOL_SOCKET, 0x0008),
            "SO_SNDBUF", new WinOption(WinApi.SOL_SOCKET, 0x1001),
            "SO_RCVBUF", new WinOption(WinApi.SOL_SOCKET, 0x1002),
            "TCP_KEEPIDLE", new WinOption(IPPROTO_TCP, 3),
            "TCP_KEEPINTERVAL", new WinOption(IPPROTO_TCP, 17),
            "TCP_KEEPCOUNT", new WinOption(IPPROTO_TCP, 16));

    static WinOption of(SocketOption<?> option) {
        WinOption known = OPTIONS.get(option.name());
        if (known == null) {
            throw new UnsupportedOperationException("no option of a socket: " + option.name());
        }
        return known;
    }
}
