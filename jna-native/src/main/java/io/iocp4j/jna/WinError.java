package io.iocp4j.jna;

import io.iocp4j.core.IoError;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A failed Windows call or operation, with its number. It has no stack trace: it is the cause in a completion, and an
 * operation does not fail where it was submitted.
 */
final class WinError extends IOException {
    private static final long serialVersionUID = 1L;

    /** The status in an OVERLAPPED until the operation has ended. */
    private static final int STATUS_PENDING = 0x103;

    /** Numbers for which {@link IoError} has a different number. */
    private static final Map<Integer, IoError> BY_CODE = new HashMap<>(Map.ofEntries(
            Map.entry(WinApi.WSAENOTSOCK, IoError.BAD_DESCRIPTOR),
            Map.entry(WinApi.ERROR_NOT_ENOUGH_MEMORY, IoError.NO_BUFFERS),
            Map.entry(WinApi.WSAENOPROTOOPT, IoError.NOT_SUPPORTED),
            Map.entry(59, IoError.CONNECTION_RESET),
            Map.entry(676, IoError.OPERATION_ABORTED),
            Map.entry(1453, IoError.NO_BUFFERS),
            Map.entry(10050, IoError.NETWORK_UNREACHABLE),
            Map.entry(10052, IoError.CONNECTION_RESET),
            Map.entry(10064, IoError.HOST_UNREACHABLE),
            Map.entry(10101, IoError.EOF)));

    static {
        for (IoError error : IoError.values()) {
            // in a Winsock call the numbers of EOF mean something else
            if (error != IoError.EOF) {
                BY_CODE.putIfAbsent(error.winsock(), error);
                BY_CODE.putIfAbsent(error.systemCode(), error);
            }
        }
        BY_CODE.remove(0);
    }

    private final int code;
    private final IoError error;

    private WinError(String call, int code, String text, IoError error) {
        super(call + " failed with " + text);
        this.code = code;
        this.error = error;
    }

    /** The error of a call that returned minus this code. */
    static WinError ofCode(String call, int code) {
        return new WinError(call, code, Integer.toString(code), BY_CODE.getOrDefault(code, IoError.OTHER));
    }

    /** The error of an operation that ended with this NTSTATUS; null if it succeeded. */
    static WinError ofStatus(String call, int status) {
        // STATUS_PENDING is a failure here: 0 bytes would be taken for the end of the peer's data
        if (status >= 0 && status != STATUS_PENDING) {
            return null;
        }
        int code = winsock(status);
        String text = String.format("NTSTATUS 0x%08X", status) + (code == 0 ? "" : " (" + code + ")");
        return new WinError(call, code, text, BY_CODE.getOrDefault(code, IoError.OTHER));
    }

    /**
     * The Winsock number of an NTSTATUS. It needs a table: RtlNtStatusToDosError merges codes that differ for a socket,
     * and WSAGetOverlappedResult needs a socket that is still open.
     */
    private static int winsock(int status) {
        return switch (status) {
            case 0xC0000120, 0x8000000A -> WinApi.ERROR_OPERATION_ABORTED;
            case 0xC000020D, 0xC000013C, 0xC000023F -> 10054;
            case 0xC0000241, 0xC000013B -> 10053;
            case 0xC00000C4 -> 59;
            case 0xC00000C9 -> 64;
            case 0xC0000236 -> 10061;
            case 0xC00000B5 -> 10060;
            case 0xC000023C -> 10051;
            case 0xC000023D -> 10065;
            case 0xC000009A, 0xC00000A1, 0xC0000017 -> WinApi.WSAENOBUFS;
            case 0xC00000B0 -> WinApi.WSAESHUTDOWN;
            case 0xC0000237 -> 10101;
            case 0xC0000022 -> 10013;
            case 0xC0000008 -> WinApi.WSAENOTSOCK;
            case 0xC000000D -> WinApi.WSAEINVAL;
            case 0xC000020A -> WinApi.WSAEADDRINUSE;
            case 0xC000020C, 0xC0000140 -> WinApi.WSAENOTCONN;
            default -> 0;
        };
    }

    /** The Winsock number or, where there is none, the system's number; 0 if there is neither. */
    int code() {
        return code;
    }

    IoError error() {
        return error;
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
