package io.iocp4j.core;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Finds the addresses of a host for a client, whose connection tries these and no others. This is also the place to
 * refuse addresses: a resolver may leave out those that the client must not connect to. It is asked about every host,
 * also about an address written as text and about the target of a redirect.
 */
@FunctionalInterface
public interface Resolver {
    /** The operating system's, which decides about the order too (RFC 6724). */
    Resolver SYSTEM = Resolver::bySystem;

    /**
     * Begins a lookup and returns at once. Called on the thread that connects, never under a lock of this library.
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
     * A platform thread, since a lookup is native code, which pins the carrier of a virtual thread: a few lookups that
     * hang would stop every virtual thread of the process. A daemon, since a lookup whose connection is gone must not
     * keep the process running.
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
