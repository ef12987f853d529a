/**
 * A completion port with the semantics of the Windows one, on every platform, and TCP on it.
 * Start with the description of {@link io.iocp4j.core}.
 */
module io.iocp4j.core {
    requires java.management;
    requires jdk.jfr;
    requires jdk.management;
    requires jdk.net;

    exports io.iocp4j.core;

    uses io.iocp4j.core.CompletionPortProvider;
}
