package io.iocp4j.core;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Finds the addresses of a host for a client, whose connection tries those and no others. So this is also where a
 * client refuses addresses: a resolver that leaves out what may not be connected to is asked about every host, also
 * about an address written as text and about the target of a redirect.
 */
@FunctionalInterface
public interface Resolver {
    /** The operating system's, which decides about the order too (RFC 6724). */
    Resolver SYSTEM = Resolver::bySystem;

    /**
     * Begins a lookup and returns at once: it is called by whoever connects, on that thread, and never under a lock of
     * this library.
     *
     * @param host a name, or an address as text
     * @return completes, on any thread, with the addresses in the order of preference, or exceptionally with the reason
     *        why there are none. Without any address, and where this throws, the connect fails with
     *        {@link IoError#HOST_NOT_FOUND}
     */
    CompletableFuture<List<InetAddress>> resolve(String host);

    private static CompletableFuture<List<InetAddress>> bySystem(String host) {
        try {
            return CompletableFuture.completedFuture(List.of(InetAddress.ofLiteral(host)));
        } catch (IllegalArgumentException e) {
            return byName(host, e);
        }
    }

    /**
     * Not a virtual thread: the lookup is native code, which holds the carrier, and a few that hang would stop every
     * virtual thread of the process. A daemon: nobody waits for a lookup whose connection is gone.
     */
    private static CompletableFuture<List<InetAddress>> byName(String host, IllegalArgumentException notAnAddress) {
        CompletableFuture<List<InetAddress>> found = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("iocp4j-lookup of " + host).start(() -> {
            try {
                found.complete(List.of(InetAddress.getAllByName(host)));
            } catch (Throwable thrown) {
                thrown.addSuppressed(notAnAddress);
                found.completeExceptionally(thrown);
            }
        });
        return found;
    }
}
