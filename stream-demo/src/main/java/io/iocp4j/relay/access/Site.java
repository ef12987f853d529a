package io.iocp4j.relay.access;

import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.handshake.Origins;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpRequest;
import java.util.Locale;
import java.util.Set;

/**
 * The names and the path under which the relay may be asked for, and the pages that may use it. Immutable. Any thread.
 */
public final class Site {
    private static final String INSECURE = "http:";

    private final PublicUrl publicUrl;
    private final String basePath;
    private final boolean loopbackOnly;
    private final String listening;
    private final Origins sameHost = Origins.sameHost();
    private final Origins publicOrigin;

    /**
     * Makes a site.
     *
     * @param settings those of {@link AccessSettings}
     * @param listening the host that the relay listens on, as the operator wrote it
     * @param loopbackOnly whether it listens on this machine only
     */
    public Site(Settings settings, String listening, boolean loopbackOnly) {
        this.publicUrl = settings.get(AccessSettings.PUBLIC_URL);
        String base = settings.get(AccessSettings.BASE_PATH);
        this.basePath = base != null ? base : publicUrl == null ? "" : publicUrl.path();
        this.listening = listening.toLowerCase(Locale.ROOT);
        this.loopbackOnly = loopbackOnly;
        this.publicOrigin = publicUrl == null ? request -> false : Origins.of(publicUrl.origin());
    }

    /**
     * Removes the base path, if the proxy has not removed it. A proxy may do either.
     *
     * @param path decoded
     * @return the path of the relay, which begins with a slash; null for the base path without its slash, from which
     *     relative links would lead astray
     */
    public String strip(String path) {
        if (basePath.isEmpty() || !path.startsWith(basePath)) {
            return path;
        }
        if (path.length() == basePath.length()) {
            return null;
        }
        return path.charAt(basePath.length()) == '/' ? path.substring(basePath.length()) : path;
    }

    /**
     * Returns where a request for the base path without its slash is sent to.
     *
     * @return a relative reference, which holds behind any proxy
     */
    public String root() {
        return basePath.substring(basePath.lastIndexOf('/') + 1) + "/";
    }

    /**
     * Refuses a request for another host. A foreign name that resolves to this machine is a sign of DNS rebinding: a
     * page of an attacker would pass for one of ours. Addresses cannot be rebound.
     *
     * @param request as the client sent it
     * @throws HttpException 421 (Misdirected Request) for a host that is not ours
     */
    public void requireHost(HttpRequest request) throws HttpException {
        String authority = request.authority();
        if (authority == null || !loopbackOnly && publicUrl == null) {
            return;
        }
        String host = authority.replaceFirst(":[0-9]*$", "").toLowerCase(Locale.ROOT);
        boolean local = Set.of("localhost", "[::1]", listening).contains(host) || host.matches("127(\\.\\d{1,3}){3}");
        boolean named = publicUrl != null && host.equals(publicUrl.host());
        boolean address = !loopbackOnly && (host.startsWith("[") || Cidr.address(host) != null);
        if (!local && !named && !address) {
            throw new HttpException(421, publicUrl == null
                    ? "this relay serves this machine only, as localhost or 127.0.0.1;"
                            + " behind a proxy it needs --public-url"
                    : "this relay is " + publicUrl + ", see --public-url");
        }
    }

    /**
     * Refuses what a page of another site wants to change or to watch. Pages are named by the field Origin; programs
     * other than browsers send none.
     *
     * @param request as the client sent it
     * @param secure whether the client is known to use TLS; then an insecure page is another site, even of this host
     * @throws HttpException 403 for a page of another site
     */
    public void requireOrigin(HttpRequest request, boolean secure) throws HttpException {
        String origin = request.headers().first("Origin");
        boolean downgraded = secure && origin != null && origin.regionMatches(true, 0, INSECURE, 0, INSECURE.length());
        if (downgraded || !sameHost.allows(request) && !publicOrigin.allows(request)) {
            throw new HttpException(403, "a page of another site may not do this"
                    + (publicUrl == null ? "; behind a proxy, the relay needs --public-url" : ""));
        }
    }

    /**
     * Returns the address that clients see.
     *
     * @return null if it is not set
     */
    public PublicUrl publicUrl() {
        return publicUrl;
    }
}
