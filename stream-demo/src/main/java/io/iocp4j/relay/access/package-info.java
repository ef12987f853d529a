/**
 * Access to the relay: where a request comes from, and what it may do.
 *
 * <p>{@link io.iocp4j.relay.access.Proxies} finds the address of the client, and
 * {@link io.iocp4j.relay.access.Site} refuses foreign hosts and pages. {@link io.iocp4j.relay.access.Login} then
 * decides about an {@link io.iocp4j.relay.access.Request}: rules of the form "who may do what, on which paths, from
 * where" are compared with the {@link io.iocp4j.relay.access.Credentials} that the request carries. These are a token,
 * a user with a password, or a signed link. What the rules do not allow may be asked of an HTTP service. The answer is
 * a {@link io.iocp4j.relay.access.Grant}, or an {@link io.iocp4j.websocket.http.HttpException} with status 401, 403,
 * 429 or 503.
 *
 * <h2>Threads</h2>
 * All types may be used by any thread. Workers of a port call {@code Login.decide} and never wait there: tokens and
 * links are compared at once, passwords are hashed on virtual threads, and the service is asked asynchronously.
 *
 * <h2>Secrets</h2>
 * Secrets are compared as digests, in constant time. No secret is logged: lines about a failure show at most the first
 * four characters of a token. Nothing here knows streams or connections.
 */
package io.iocp4j.relay.access;
