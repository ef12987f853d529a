package io.iocp4j.uring;

import io.iocp4j.core.IoError;
import java.io.IOException;
import java.util.Map;

/**
 * A failed call or operation of Linux, with its number. It has no stack trace: it is the cause in a completion, and an
 * operation does not fail where it was submitted.
 */
final class Errno extends IOException {
    private static final long serialVersionUID = 1L;

    private static final Map<Integer, IoError> ERRORS = Map.ofEntries(
            Map.entry(LibC.EPERM, IoError.ACCESS_DENIED),
            Map.entry(9, IoError.BAD_DESCRIPTOR),
            Map.entry(LibC.EAGAIN, IoError.NO_BUFFERS),
            Map.entry(LibC.ENOMEM, IoError.NO_BUFFERS),
            Map.entry(LibC.EACCES, IoError.ACCESS_DENIED),
            Map.entry(LibC.EINVAL, IoError.INVALID_ARGUMENT),
            Map.entry(23, IoError.NO_DESCRIPTORS),
            Map.entry(24, IoError.NO_DESCRIPTORS),
            Map.entry(32, IoError.BROKEN_PIPE),
            Map.entry(LibC.ENOPROTOOPT, IoError.NOT_SUPPORTED),
            Map.entry(95, IoError.NOT_SUPPORTED),
            Map.entry(98, IoError.ADDRESS_IN_USE),
            Map.entry(99, IoError.ADDRESS_NOT_AVAILABLE),
            Map.entry(100, IoError.NETWORK_UNREACHABLE),
            Map.entry(101, IoError.NETWORK_UNREACHABLE),
            Map.entry(103, IoError.CONNECTION_ABORTED),
            Map.entry(104, IoError.CONNECTION_RESET),
            Map.entry(105, IoError.NO_BUFFERS),
            Map.entry(107, IoError.NOT_CONNECTED),
            Map.entry(108, IoError.SHUT_DOWN),
            Map.entry(110, IoError.TIMED_OUT),
            Map.entry(111, IoError.CONNECTION_REFUSED),
            Map.entry(112, IoError.HOST_UNREACHABLE),
            Map.entry(113, IoError.HOST_UNREACHABLE),
            Map.entry(LibC.ECANCELED, IoError.OPERATION_ABORTED));

    private final int number;
    private final IoError error;

    /**
     * Makes the exception.
     *
     * @param call what failed
     * @param result minus errno
     */
    Errno(String call, int result) {
        super(call + " failed with errno " + -result);
        this.number = -result;
        this.error = ERRORS.getOrDefault(-result, IoError.OTHER);
    }

    int number() {
        return number;
    }

    IoError error() {
        return error;
    }

    /** Returns the result of a call, if it is no error. */
    static int check(String call, int result) throws Errno {
        if (result < 0) {
            throw new Errno(call, result);
        }
        return result;
    }

    /** The error of an exception of this engine or of the JDK. */
    static IoError of(Throwable thrown) {
        return thrown instanceof Errno errno ? errno.error : IoError.of(thrown);
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
