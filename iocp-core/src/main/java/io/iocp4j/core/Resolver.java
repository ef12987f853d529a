package io.iocp4j.core;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Finds the addresses of a host for a client, which tries these and no others. A resolver may also refuse addresses, by
 * leaving out those that the client must not connect to. It is called for every host, including an address written as
 * text and the target of a redirect.
 */
@FunctionalInterface
public interface Resolver {
    /** The resolver of the operating system, which also decides the order (RFC 6724). */
    Resolver SYSTEM = Resolver::bySystem;

    /**
     * Begins a lookup and returns at once. Called on the thread that connects, never under a lock of this library.
     *
     * @param host a name, or an address as text
     * @return completes, on any thread, with the addresses in the order of preference, or exceptionally with the reason
     *        why there are none. If there is no address, or this throws, the connect fails with
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
     * Looks a name up on a platform thread. A lookup is native code, which pins the carrier of a virtual thread, so a
     * few lookups that hang would stop every virtual thread of the process. The thread is a daemon, since a lookup
     * whose connection is gone must not keep the process running.
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
