package io.iocp4j.jna;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/**
 * Reads and writes a sockaddr_in6: family at 0, port at 2 in network order, flow at 4, address at 8, scope at 24. An
 * IPv4 address is written as ::ffff:a.b.c.d and read back as IPv4.
 */
final class SocketAddress6 {
    static final int BYTES = 28;

    private static final ValueLayout.OfShort NETWORK_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int ADDRESS = 8;
    private static final int SCOPE = 24;

    private SocketAddress6() {
    }

    /** Writes a resolved address. */
    static MemorySegment write(InetSocketAddress address, MemorySegment memory) {
        memory.fill((byte) 0);
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) WinApi.AF_INET6);
        memory.set(NETWORK_SHORT, 2, (short) address.getPort());
        byte[] bytes = address.getAddress().getAddress();
        if (address.getAddress() instanceof Inet4Address ip) {
            if (!ip.isAnyLocalAddress()) {
                memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, ADDRESS + 10, (short) 0xFFFF);
                MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, ADDRESS + 12, 4);
            }
        } else {
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, ADDRESS, 16);
            memory.set(ValueLayout.JAVA_INT_UNALIGNED, SCOPE, ((Inet6Address) address.getAddress()).getScopeId());
        }
        return memory;
    }

    static InetSocketAddress read(MemorySegment memory) {
        byte[] bytes = memory.asSlice(ADDRESS, 16).toArray(ValueLayout.JAVA_BYTE);
        int port = Short.toUnsignedInt(memory.get(NETWORK_SHORT, 2));
        int scope = memory.get(ValueLayout.JAVA_INT_UNALIGNED, SCOPE);
        try {
            InetAddress ip =
                    scope == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, scope);
            return new InetSocketAddress(ip, port);
        } catch (UnknownHostException e) {
            throw new AssertionError("16 bytes are always an address", e);
        }
    }

    /** A call that stores an address and its length, such as getsockname. Returns 0, or minus an error code. */
    @FunctionalInterface
    interface Query {
        int get(long address, long length);
    }

    static InetSocketAddress of(String call, Query query) throws WinError {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(BYTES, 4);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, BYTES);
            int result = query.get(memory.address(), length.address());
            if (result < 0) {
                throw WinError.ofCode(call, -result);
            }
            return read(memory);
        }
    }
}
