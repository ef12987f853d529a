package io.iocp4j.jna;

/**
 * The Windows calls that the engine makes. Handles, sockets and addresses are longs. A result below 0 is minus the
 * error code of a failed call. The implementation fetches the code before anything else can run on the thread.
 */
interface WinApi {
    /** The address family of every socket: IPv6 with V6ONLY off carries IPv4 too. */
    int AF_INET6 = 23;
    int SOL_SOCKET = 0xFFFF;
    int SO_UPDATE_ACCEPT_CONTEXT = 0x700B;
    int SO_UPDATE_CONNECT_CONTEXT = 0x7010;

    /** The operation is pending; a packet will come. */
    int ERROR_IO_PENDING = 997;
    int ERROR_ABANDONED_WAIT_0 = 735;
    int ERROR_INVALID_PARAMETER = 87;
    int ERROR_NOT_FOUND = 1168;
    int ERROR_NOT_ENOUGH_MEMORY = 8;
    int ERROR_OPERATION_ABORTED = 995;
    int WAIT_TIMEOUT = 258;
    int WSAENOTSOCK = 10038;
    int WSAEINVAL = 10022;
    int WSAEWOULDBLOCK = 10035;
    int WSAENOPROTOOPT = 10042;
    int WSAEADDRINUSE = 10048;
    int WSAENOBUFS = 10055;
    int WSAENOTCONN = 10057;
    int WSAESHUTDOWN = 10058;
    int WSAHOST_NOT_FOUND = 11001;
    int INFINITE = -1;

    /** CreateIoCompletionPort without a file: creates a port. */
    long createPort(int concurrency);

    /**
     * CreateIoCompletionPort with a socket, once in the socket's life. It also sets SKIP_SET_EVENT, since no thread
     * waits for the socket's event.
     */
    int associate(long socket, long port, long key);

    /** PostQueuedCompletionStatus without an OVERLAPPED. */
    int post(long port, long key);

    /**
     * GetQueuedCompletionStatusEx, not alertable. {@code entries} has room for {@code capacity} entries of 32 bytes,
     * {@code count} for an int.
     */
    int dequeue(long port, long entries, int capacity, long count, int millis);

    /** CloseHandle of the port. */
    int closePort(long port);

    /** CancelIoEx of one operation. It only asks: the packet still comes. */
    int cancel(long socket, long overlapped);

    /** WSASocketW: an overlapped TCP socket of {@link #AF_INET6}, not inherited by child processes. */
    long socket();

    int closeSocket(long socket);

    int bind(long socket, long address, int length);

    int listen(long socket, int backlog);

    int setOption(long socket, int level, int name, long value, int length);

    /** ioctlsocket(FIONBIO): calls without an OVERLAPPED no longer block. Calls with one can still be pending. */
    int nonBlocking(long socket, long one);

    /** getsockname. {@code length} is the address of an int: before the call the room, afterwards the length. */
    int localAddress(long socket, long address, long length);

    /** getpeername; see {@link #localAddress}. */
    int remoteAddress(long socket, long address, long length);

    /** shutdown(SD_SEND). */
    int shutdownSend(long socket);

    /** AcceptEx without data. {@code output} has room for two addresses of {@code addressLength} bytes each. */
    int accept(long listener, long socket, long output, int addressLength, long bytes, long overlapped);

    /** ConnectEx of a bound socket, without data. */
    int connect(long socket, long address, int length, long overlapped);

    /** WSARecv with an OVERLAPPED. Without one ({@code overlapped} 0) it stores the count at {@code bytes}. */
    int receive(long socket, long buffers, int count, long bytes, long flags, long overlapped);

    /** WSASend with an OVERLAPPED. */
    int send(long socket, long buffers, int count, long overlapped);
}
