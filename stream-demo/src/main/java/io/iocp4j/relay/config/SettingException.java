package io.iocp4j.relay.config;

/** A setting that is unknown or wrong. The message is one line for the operator, and says where the setting stands. */
public final class SettingException extends Exception {
    private static final long serialVersionUID = 1L;

    SettingException(String message) {
        super(message);
    }
}
