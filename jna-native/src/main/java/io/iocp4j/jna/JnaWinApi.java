package io.iocp4j.jna;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.SymbolProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.Map;

/**
 * Makes the real calls by JNA's direct mapping, with only int and long.
 * <ul>
 * <li>No Structure: JNA would write and read memory that the kernel owns.
 * <li>No callbacks.
 * <li>Errors only from {@link Native#getLastError}: JNA fetches that value right after the call, and any other way is
 * too late.
 * </ul>
 */
final class JnaWinApi implements WinApi {
    private static final long INVALID_HANDLE = -1L;
    private static final int SKIP_SET_EVENT_ON_HANDLE = 2;
    private static final int SOCK_STREAM = 1;
    private static final int IPPROTO_TCP = 6;
    private static final int WSA_FLAG_OVERLAPPED = 0x01;
    private static final int WSA_FLAG_NO_HANDLE_INHERIT = 0x80;
    private static final int FIONBIO = 0x8004667E;
    private static final int SD_SEND = 1;
    private static final int SIO_GET_EXTENSION_FUNCTION_POINTER = 0xC8000006;
    private static final String ACCEPT_EX = "f17d36b5accbcf1195ca00805f48a192";
    private static final String CONNECT_EX = "b907a225f3dd60468ee976e58c74063e";

    /** Loads the libraries and starts Winsock, once per process. They stay loaded. */
    private static final class Loaded {
        static final JnaWinApi API = new JnaWinApi();
    }

    private JnaWinApi() {
        Native.register(Kernel32.class, "kernel32");
        Native.register(Winsock.class, "ws2_32");
        try (Arena arena = Arena.ofConfined()) {
            int error = Winsock.WSAStartup(0x0202, arena.allocate(408, 8).address());
            if (error != 0) {
                throw new UnsatisfiedLinkError("WSAStartup failed with " + error);
            }
            long socket = socket();
            if (socket < 0) {
                throw new UnsatisfiedLinkError("no IPv6 socket: " + -socket);
            }
            try {
                long accept = extension(arena, socket, ACCEPT_EX);
                long connect = extension(arena, socket, CONNECT_EX);
                SymbolProvider symbols = (handle, name, parent) -> switch (name) {
                    case "AcceptEx" -> accept;
                    case "ConnectEx" -> connect;
                    default -> parent.getSymbolAddress(handle, name, null);
                };
                Native.register(Extensions.class,
                        NativeLibrary.getInstance("ws2_32", Map.of(Library.OPTION_SYMBOL_PROVIDER, symbols)));
            } finally {
                Winsock.closesocket(socket);
            }
        }
    }

    /**
     * Loads the libraries at the first call.
     *
     * @throws LinkageError if the libraries cannot be loaded; the message says which
     */
    static JnaWinApi load() {
        return Loaded.API;
    }

    private static long extension(Arena arena, long socket, String id) {
        MemorySegment guid = arena.allocateFrom(ValueLayout.JAVA_BYTE, HexFormat.of().parseHex(id));
        MemorySegment pointer = arena.allocate(ValueLayout.JAVA_LONG);
        MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
        int result = Winsock.WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, guid.address(), 16,
                pointer.address(), 8, count.address(), 0, 0);
        if (result != 0) {
            throw new UnsatisfiedLinkError("WSAIoctl has no function for " + id + ": " + Native.getLastError());
        }
        return pointer.get(ValueLayout.JAVA_LONG, 0);
    }

    /** The result of a call that returns BOOL: 0, or minus the error code. */
    private static int ofBool(int result) {
        return result != 0 ? 0 : -Native.getLastError();
    }

    /** The result of a Winsock call that returns 0 or SOCKET_ERROR: 0, or minus the error code. */
    private static int ofWinsock(int result) {
        return result == 0 ? 0 : -Native.getLastError();
    }

    @Override
    public long createPort(int concurrency) {
        long port = Kernel32.CreateIoCompletionPort(INVALID_HANDLE, 0, 0, concurrency);
        return port != 0 ? port : -Native.getLastError();
    }

    @Override
    public int associate(long socket, long port, long key) {
        long same = Kernel32.CreateIoCompletionPort(socket, port, key, 0);
        if (same == 0) {
            return -Native.getLastError();
        }
        return ofBool(Kernel32.SetFileCompletionNotificationModes(socket, SKIP_SET_EVENT_ON_HANDLE));
    }

    @Override
    public int post(long port, long key) {
        return ofBool(Kernel32.PostQueuedCompletionStatus(port, 0, key, 0));
    }

    @Override
    public int dequeue(long port, long entries, int capacity, long count, int millis) {
        int result = Kernel32.GetQueuedCompletionStatusEx(port, entries, capacity, count, millis, 0);
        return result != 0 ? 0 : -Native.getLastError();
    }

    @Override
    public int closePort(long port) {
        return ofBool(Kernel32.CloseHandle(port));
    }

    @Override
    public int cancel(long socket, long overlapped) {
        return ofBool(Kernel32.CancelIoEx(socket, overlapped));
    }

    @Override
    public long socket() {
        long socket = Winsock.WSASocketW(AF_INET6, SOCK_STREAM, IPPROTO_TCP, 0, 0,
                WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
        return socket != INVALID_HANDLE ? socket : -Native.getLastError();
    }

    @Override
    public int closeSocket(long socket) {
        return ofWinsock(Winsock.closesocket(socket));
    }

    @Override
    public int bind(long socket, long address, int length) {
        return ofWinsock(Winsock.bind(socket, address, length));
    }

    @Override
    public int listen(long socket, int backlog) {
        return ofWinsock(Winsock.listen(socket, backlog));
    }

    @Override
    public int setOption(long socket, int level, int name, long value, int length) {
        return ofWinsock(Winsock.setsockopt(socket, level, name, value, length));
    }

    @Override
    public int nonBlocking(long socket, long one) {
        return ofWinsock(Winsock.ioctlsocket(socket, FIONBIO, one));
    }

    @Override
    public int localAddress(long socket, long address, long length) {
        return ofWinsock(Winsock.getsockname(socket, address, length));
    }

    @Override
    public int remoteAddress(long socket, long address, long length) {
        return ofWinsock(Winsock.getpeername(socket, address, length));
    }

    @Override
    public int shutdownSend(long socket) {
        return ofWinsock(Winsock.shutdown(socket, SD_SEND));
    }

    @Override
    public int accept(long listener, long socket, long output, int addressLength, long bytes, long overlapped) {
        return ofBool(
                Extensions.AcceptEx(listener, socket, output, 0, addressLength, addressLength, bytes, overlapped));
    }

    @Override
    public int connect(long socket, long address, int length, long overlapped) {
        return ofBool(Extensions.ConnectEx(socket, address, length, 0, 0, 0, overlapped));
    }

    @Override
    public int receive(long socket, long buffers, int count, long bytes, long flags, long overlapped) {
        return ofWinsock(Winsock.WSARecv(socket, buffers, count, bytes, flags, overlapped, 0));
    }

    @Override
    public int send(long socket, long buffers, int count, long overlapped) {
        return ofWinsock(Winsock.WSASend(socket, buffers, count, 0, 0, overlapped, 0));
    }

    /** The functions of kernel32, with the names that they have there. */
    private static final class Kernel32 {
        static native long CreateIoCompletionPort(long file, long port, long key, int concurrency);

        static native int GetQueuedCompletionStatusEx(long port, long entries, int capacity, long count, int millis,
                int alertable);

        static native int PostQueuedCompletionStatus(long port, int bytes, long key, long overlapped);

        static native int SetFileCompletionNotificationModes(long file, int flags);

        static native int CancelIoEx(long file, long overlapped);

        static native int CloseHandle(long handle);
    }

    /** The functions of ws2_32, with the names that they have there. */
    private static final class Winsock {
        static native int WSAStartup(int version, long data);

        static native long WSASocketW(int family, int type, int protocol, long info, int group, int flags);

        static native int WSAIoctl(long socket, int code, long in, int inLength, long out, int outLength, long count,
                long overlapped, long routine);

        static native int WSARecv(long socket, long buffers, int count, long bytes, long flags, long overlapped,
                long routine);

        static native int WSASend(long socket, long buffers, int count, long bytes, int flags, long overlapped,
                long routine);

        static native int bind(long socket, long address, int length);

        static native int listen(long socket, int backlog);

        static native int setsockopt(long socket, int level, int name, long value, int length);

        static native int ioctlsocket(long socket, int command, long argument);

        static native int getsockname(long socket, long address, long length);

        static native int getpeername(long socket, long address, long length);

        static native int shutdown(long socket, int how);

        static native int closesocket(long socket);
    }

    /** The functions that are reached only through a pointer from WSAIoctl. */
    private static final class Extensions {
        static native int AcceptEx(long listener, long socket, long output, int dataLength, int localLength,
                int remoteLength, long bytes, long overlapped);

        static native int ConnectEx(long socket, long address, int length, long data, int dataLength, long sent,
                long overlapped);
    }
}
