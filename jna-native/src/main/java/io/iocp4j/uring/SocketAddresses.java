package io.iocp4j.uring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.channels.UnresolvedAddressException;

/**
 * Reads and writes sockaddr_in6 and, where the kernel has no IPv6, sockaddr_in. Sockets are of both families: an IPv4
 * address is written as ::ffff:a.b.c.d and read back as IPv4.
 */
final class SocketAddresses {
    /** Room for either: sockaddr_in6 has 28 bytes, sockaddr_in has 16. */
    static final int BYTES = 28;

    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final ValueLayout.OfShort PORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int ADDRESS4 = 4;
    private static final int ADDRESS6 = 8;
    private static final int SCOPE = 24;

    /** The family of all sockets. */
    private static final int FAMILY = family();

    private SocketAddresses() {
    }

    private static int family() {
        int fd = LibC.tcpSocket(AF_INET6);
        if (fd >= 0) {
            LibC.close(fd);
        }
        return fd == -LibC.EAFNOSUPPORT ? AF_INET : AF_INET6;
    }

    /** Opens a TCP socket. Returns its descriptor. */
    static int open() throws Errno {
        return Errno.check("socket", LibC.tcpSocket(FAMILY));
    }

    /**
     * Writes an address to {@link #BYTES} bytes of native memory. Returns its length.
     *
     * @throws UnresolvedAddressException if the name was not resolved
     */
    static int write(InetSocketAddress from, long to) {
        InetAddress ip = from.getAddress();
        if (ip == null) {
            throw new UnresolvedAddressException();
        }
        MemorySegment memory = LibC.MEMORY.asSlice(to, BYTES);
        memory.fill((byte) 0);
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) FAMILY);
        memory.set(PORT, 2, (short) from.getPort());
        byte[] bytes = ip.getAddress();
        if (FAMILY == AF_INET) {
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, ADDRESS4, Math.min(4, bytes.length));
            return 16;
        }
        if (ip instanceof Inet6Address ip6) {
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, ADDRESS6, 16);
            memory.set(ValueLayout.JAVA_INT_UNALIGNED, SCOPE, ip6.getScopeId());
        } else if (!ip.isAnyLocalAddress()) {
            memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, ADDRESS6 + 10, (short) 0xFFFF);
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, ADDRESS6 + 12, 4);
        }
        return BYTES;
    }

    /** Reads an address that the kernel has written. */
    static InetSocketAddress read(MemorySegment memory) {
        int port = Short.toUnsignedInt(memory.get(PORT, 2));
        boolean four = memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, 0) == AF_INET;
        byte[] bytes = memory.asSlice(four ? ADDRESS4 : ADDRESS6, four ? 4 : 16).toArray(ValueLayout.JAVA_BYTE);
        int scope = four ? 0 : memory.get(ValueLayout.JAVA_INT_UNALIGNED, SCOPE);
        try {
            InetAddress ip =
                    scope == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, scope);
            return new InetSocketAddress(ip, port);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }

    /** Asks the kernel for the local address of a socket. */
    static InetSocketAddress local(int fd) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(BYTES, 4);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, BYTES);
            Errno.check("getsockname", LibC.local(fd, memory.address(), length.address()));
            return read(memory);
        }
    }

    static void bind(int fd, InetSocketAddress local) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            long memory = arena.allocate(BYTES, 4).address();
            Errno.check("bind", LibC.bind(fd, memory, write(local, memory)));
        }
    }
}
