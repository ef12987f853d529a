package io.iocp4j.uring;

import io.iocp4j.core.TcpOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/** Sets the options of sockets. All but SO_LINGER have one int as their value. */
final class SocketOptions {
    private static final int SOL_SOCKET = 1;
    private static final int IPPROTO_TCP = 6;
    private static final int SO_REUSEADDR = 2;
    private static final int SO_LINGER = 13;

    private record Number(int level, int number) {
    }

    /** The options by name: the JDK's constants for keep-alive times are in a module that not every runtime has. */
    private static final Map<String, Number> NUMBERS = Map.of(
            "SO_REUSEADDR", new Number(SOL_SOCKET, SO_REUSEADDR),
            "SO_SNDBUF", new Number(SOL_SOCKET, 7),
            "SO_RCVBUF", new Number(SOL_SOCKET, 8),
            "SO_KEEPALIVE", new Number(SOL_SOCKET, 9),
            "TCP_NODELAY", new Number(IPPROTO_TCP, 1),
            "TCP_KEEPIDLE", new Number(IPPROTO_TCP, 4),
            "TCP_KEEPINTERVAL", new Number(IPPROTO_TCP, 5),
            "TCP_KEEPCOUNT", new Number(IPPROTO_TCP, 6),
            TcpOptions.USER_TIMEOUT.name(), new Number(IPPROTO_TCP, 18));

    private SocketOptions() {
    }

    static void reuseAddress(int fd) throws Errno {
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    }

    static <T> void set(int fd, SocketOption<T> option, T value) throws Errno {
        int number = value instanceof Boolean on ? (on ? 1 : 0) : (Integer) value;
        Number known = NUMBERS.get(option.name());
        if (option.equals(StandardSocketOptions.SO_LINGER)) {
            linger(fd, number);
        } else if (known == null) {
            throw new Errno("setsockopt", -LibC.ENOPROTOOPT);
        } else {
            set(fd, known.level, known.number, number);
        }
    }

    /**
     * Sets whether a close resets the connection, with 0 seconds, or not, with a negative number. With any other number
     * the close would block the loop.
     */
    private static void linger(int fd, int seconds) throws Errno {
        if (seconds > 0) {
            throw new Errno("setsockopt", -LibC.EINVAL);
        }
        set(fd, SOL_SOCKET, SO_LINGER, seconds == 0 ? 1 : 0, 0);
    }

    private static void set(int fd, int level, int number, int... value) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_INT, value);
            Errno.check("setsockopt",
                    LibC.option(fd, level, number, memory.address(), (int) memory.byteSize()));
        }
    }
}
