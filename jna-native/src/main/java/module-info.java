/**
 * The completion port of Windows itself, through JNA, and io_uring of Linux, through java.lang.foreign. On the module
 * path or class path {@link io.iocp4j.core.CompletionPort#open()} finds them; no application names anything of them.
 * Only {@link io.iocp4j.jna.service} is exported, for programs that run as a service of Windows. Start with the
 * descriptions of {@code io.iocp4j.jna} and {@code io.iocp4j.uring}.
 */
@SuppressWarnings("requires-automatic") // JNA's jar has a name for the module path, but no descriptor
module io.iocp4j.jna {
    requires io.iocp4j.core;
    requires com.sun.jna;

    exports io.iocp4j.jna.service;
    // JNA calls the methods of callbacks by reflection
    opens io.iocp4j.jna.service to com.sun.jna;

    provides io.iocp4j.core.CompletionPortProvider
            with io.iocp4j.jna.IocpProvider, io.iocp4j.uring.UringProvider;
}
