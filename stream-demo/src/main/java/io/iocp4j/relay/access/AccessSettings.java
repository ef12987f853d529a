package io.iocp4j.relay.access;

import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.config.Takes;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** The settings of addresses, proxies and login. */
public final class AccessSettings {
    private static final String NETWORK = "Network";
    private static final String LOGIN = "Login";
    private static final int FAILURES_MAX = 1_000;

    /** The address that clients see. */
    public static final Setting<PublicUrl> PUBLIC_URL = Setting.of("public-url",
            new Takes<>("URL", PublicUrl::parse, PublicUrl::toString), null, NETWORK,
            "clients reach the relay at this address, through a proxy; other host names and the pages of other sites"
                    + " are refused");
    /** The proxies whose fields are believed. */
    public static final Setting<List<Cidr>> TRUSTED_PROXY = Setting.list("trusted-proxy",
            new Takes<>("CIDR", Cidr::parse, Cidr::toString), NETWORK,
            "believe X-Forwarded-For, -Proto and -Host from proxies with these addresses");
    /** The path that the relay lives below. */
    public static final Setting<String> BASE_PATH = Setting.of("base-path",
            new Takes<>("PATH", PublicUrl::basePath, path -> path.isEmpty() ? "/" : path), null, NETWORK,
            "live below this path, if the proxy does not remove it; without it, the path of --public-url");
    /** The rules. */
    public static final Setting<List<AllowRule>> ALLOW = Setting.list("allow",
            new Takes<>("\"WHO ACTION PATH [CIDR]\"", AllowRule::parse, AllowRule::toString), LOGIN,
            "allow a token, a user or \"anyone\" to publish, view, record, api or metrics (with commas between"
                    + " several, or all) on paths that begin with these names (/ for all). Without rules, anyone may"
                    + " do everything if only this machine can reach the relay; otherwise anyone may view, and tokens"
                    + " and users may do everything")
            .whileRunning();
    /** The tokens. */
    public static final Setting<List<NamedSecret>> TOKEN = Setting.list("token",
            new Takes<>("NAME:TOKEN", NamedSecret::parse, NamedSecret::form), LOGIN,
            "know this token by this name; better in the file than here, where other programs can see it")
            .hidden().whileRunning();
    /** The file of the token that the first start makes. */
    public static final Setting<String> TOKEN_FILE = Setting.of("token-file", Takes.text("FILE"), "relay-token", LOGIN,
            "keep the operator's token in this file; the first start makes it if others than this machine can reach the"
                    + " relay, and there are no rules, tokens or users");
    /** The users. */
    public static final Setting<List<NamedSecret>> USER = Setting.list("user",
            new Takes<>("NAME:HASH", AccessSettings::user, NamedSecret::form), LOGIN,
            "know this user by a password, as printed by: relay password NAME").hidden().whileRunning();
    /** The keys of signed links. */
    public static final Setting<List<NamedSecret>> LINK_KEY = Setting.list("link-key",
            new Takes<>("NAME:KEY", NamedSecret::parse, NamedSecret::form), LOGIN,
            "accept links that were signed with this key; the first one signs").hidden().whileRunning();
    /** The service that is asked. */
    public static final Setting<URI> AUTH_URL = Setting.of("auth-url",
            new Takes<>("URL", AccessSettings::httpUrl, URI::toString), null, LOGIN,
            "ask this HTTP service about what the rules do not allow; a status of 200 to 299 allows it");
    /** The time that it has to answer. */
    public static final Setting<Duration> AUTH_TIMEOUT = Setting.of("auth-timeout",
            Takes.time(Duration.ofMillis(10), Duration.ofSeconds(20)), Duration.ofSeconds(2), LOGIN,
            "refuse if that service has not answered after this time");
    /** How often an address may fail. */
    public static final Setting<Integer> LOGIN_FAILURES = Setting.of("login-failures", Takes.number(1, FAILURES_MAX),
            5, LOGIN, "let an address try this many wrong logins in 10 s, and then none until they are over")
            .whileRunning();

    /** All of them, in the order of the help. */
    public static final List<Setting<?>> ALL = List.of(PUBLIC_URL, TRUSTED_PROXY, BASE_PATH, ALLOW, TOKEN, TOKEN_FILE,
            USER, LINK_KEY, AUTH_URL, AUTH_TIMEOUT, LOGIN_FAILURES);

    private AccessSettings() {
    }

    /**
     * Tells whether a proxy is expected, through which others than this machine reach the relay.
     *
     * @param settings all of them
     * @return true if the settings name a proxy, or an address before it
     */
    public static boolean isProxied(Settings settings) {
        return settings.get(PUBLIC_URL) != null || !settings.get(TRUSTED_PROXY).isEmpty();
    }

    private static NamedSecret user(String text) {
        NamedSecret user = NamedSecret.split(text);
        PasswordHash.parse(user.secret());
        return user;
    }

    private static URI httpUrl(String text) {
        URI uri;
        try {
            uri = URI.create(text);
        } catch (IllegalArgumentException e) {
            uri = URI.create("");
        }
        boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        if (!http || uri.getHost() == null || uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException("needs an address such as http://127.0.0.1:9000/auth");
        }
        return uri;
    }
}
