package io.iocp4j.relay.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * Hands the newest identity to each handshake of a server. A handshake asks three times: for an alias, for the key and
 * for the chain. The alias names the identity, so that all three answers fit together when the identity is replaced
 * between them. A handshake that is overtaken by more than {@value #IDENTITIES_MAX} replacements fails.
 */
final class CertificateKeys extends X509ExtendedKeyManager {
    /** How many identities are kept for handshakes that have begun: the newest and those before it. */
    static final int IDENTITIES_MAX = 4;

    private record Named(String alias, ServerIdentity identity) {
    }

    /** The newest first. */
    private volatile List<Named> identities = List.of();
    /** Guarded by this. */
    private int replacements;

    CertificateKeys(ServerIdentity first) {
        replace(first);
    }

    /** New handshakes take this one from now on. */
    synchronized void replace(ServerIdentity identity) {
        List<Named> next = new ArrayList<>(identities);
        next.addFirst(new Named("relay-" + replacements++, identity));
        identities = List.copyOf(next.subList(0, Math.min(next.size(), IDENTITIES_MAX)));
    }

    ServerIdentity newest() {
        return identities.getFirst().identity();
    }

    private ServerIdentity find(String alias) {
        for (Named each : identities) {
            if (each.alias().equals(alias)) {
                return each.identity();
            }
        }
        return null;
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
        Named newest = identities.getFirst();
        return newest.identity().algorithm().equals(keyType) ? newest.alias() : null;
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        return chooseEngineServerAlias(keyType, issuers, null);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        String alias = chooseEngineServerAlias(keyType, issuers, null);
        return alias == null ? null : new String[] {alias};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        ServerIdentity identity = find(alias);
        return identity == null ? null : identity.key();
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        ServerIdentity identity = find(alias);
        return identity == null ? null : identity.chain().toArray(X509Certificate[]::new);
    }

    /** The relay is never a client with this key. */
    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return null;
    }

    /** The relay is never a client with this key. */
    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
        return null;
    }
}
