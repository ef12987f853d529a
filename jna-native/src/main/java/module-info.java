/**
 * The completion port of Windows itself, through JNA. On the module path or class path it is found by
 * {@link io.iocp4j.core.CompletionPort#open()}; start with the description of {@link io.iocp4j.jna}.
 */
@SuppressWarnings("requires-automatic") // JNA's jar has a name for the module path, but no descriptor
module io.iocp4j.jna {
    requires transitive io.iocp4j.core;
    requires com.sun.jna;

    exports io.iocp4j.jna;

    provides io.iocp4j.core.CompletionPortProvider with io.iocp4j.jna.IocpProvider;
}
