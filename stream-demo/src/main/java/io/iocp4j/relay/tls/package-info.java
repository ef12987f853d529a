/**
 * TLS for the relay: where its certificate comes from, how it is replaced while the relay runs, and what the plain port
 * answers.
 *
 * <h2>What flows where</h2>
 * <pre>
 * PEM files or a keystore
 *   v KeySource, Pem, PrivateKeys     read and checked as a whole; what does not fit together is refused with words
 * ServerIdentity                      a private key with its chain of certificates, immutable
 *   v volatile
 * CertificateKeys                     the key manager of the SSLContext: each new handshake takes the newest identity
 *   ^ reload
 * ServerCertificate                   owns both; looks once a minute at the times of the files; warns before the end
 * </pre>
 * A connection keeps the identity that its handshake began with. {@link io.iocp4j.relay.tls.HttpRedirect} is a second
 * listener, without TLS: it sends browsers to https, and serves the answers to challenges of ACME from a folder.
 * {@link io.iocp4j.relay.tls.LocalAuthority} makes certificates for a network that no public authority knows.
 *
 * <h2>Who owns what</h2>
 * Whoever opens a ServerCertificate or an HttpRedirect closes it. Neither owns the completion port that it is given.
 *
 * <h2>Threads</h2>
 * Files are read by the thread that opens or reloads, and by a virtual thread once a minute; never by a worker or the
 * timer of the port. A handshake only reads a volatile field.
 */
package io.iocp4j.relay.tls;
