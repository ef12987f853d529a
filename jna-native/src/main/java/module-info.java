/**
 * The completion port of Windows itself, through JNA. On the module path or class path
 * {@link io.iocp4j.core.CompletionPort#open()} finds it. It exports nothing, since no application names anything of it.
 * Start with the description of {@code io.iocp4j.jna}.
 */
@SuppressWarnings("requires-automatic") // JNA's jar has a name for the module path, but no descriptor
module io.iocp4j.jna {
    requires io.iocp4j.core;
    requires com.sun.jna;

    provides io.iocp4j.core.CompletionPortProvider with io.iocp4j.jna.IocpProvider;
}
