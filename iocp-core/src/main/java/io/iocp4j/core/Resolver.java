package io.iocp4j.core;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Finds the addresses of a host. */
@FunctionalInterface
interface Resolver {
    /** The operating system's, which decides about the order too (RFC 6724). */
    Resolver SYSTEM = Resolver::bySystem;

    /**
     * Begins a lookup and returns at once.
     *
     * @param host a name, or an address as text
     * @return the addresses in the order of preference, at least one, or why there are none
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
     * Not a virtual thread: the lookup is native code, which holds the carrier, and a few that hang would stop every virtual thread of
     * the process. A daemon: nobody waits for a lookup whose connection is gone.
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
