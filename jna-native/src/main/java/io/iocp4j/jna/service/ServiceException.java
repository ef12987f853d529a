package io.iocp4j.jna.service;

import java.io.IOException;

/** A call of the service manager failed. The message is one line for the operator. */
public final class ServiceException extends IOException {
    private static final long serialVersionUID = 1L;

    /** A code of winerror.h, or 0. */
    private final int code;

    ServiceException(String message, int code) {
        super(message);
        this.code = code;
    }

    /**
     * Says in words what an error of the system means for services.
     *
     * @param action what failed, such as "cannot install relay"
     * @param code of the system
     */
    static ServiceException of(String action, int code) {
        return new ServiceException(action + ": " + switch (code) {
            case ServiceApi.ACCESS_DENIED -> "access is denied; run this as an administrator";
            case ServiceApi.TIMEOUT -> "the service did not answer in time";
            case ServiceApi.ALREADY_RUNNING -> "it runs already";
            case ServiceApi.DISABLED -> "it is disabled";
            case ServiceApi.NO_SUCH_SERVICE -> "there is no such service; install it first";
            case ServiceApi.NOT_ACTIVE -> "it does not run";
            case ServiceApi.NOT_A_SERVICE -> "only the service manager may call this";
            case ServiceApi.MARKED_FOR_DELETE -> "it is being removed; close the programs that show it, such as the"
                    + " list of services";
            case ServiceApi.EXISTS -> "there is such a service already; uninstall it first";
            default -> "error " + code + " of Windows";
        }, code);
    }

    /**
     * Returns the error of the system.
     *
     * @return a code of winerror.h, or 0 if a limit of time was over
     */
    public int code() {
        return code;
    }
}
