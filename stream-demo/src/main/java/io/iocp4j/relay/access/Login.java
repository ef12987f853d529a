package io.iocp4j.relay.access;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/**
 * Decides who may do what. Any thread; {@link #decide} does not wait.
 *
 * <p>What anyone may do is allowed without a look at tokens and passwords. Otherwise a token, a password or a signed
 * link is compared, and the rules for its owner count. What they do not allow is asked of the service of
 * {@link AccessSettings#AUTH_URL}, if there is one. Wrong credentials are counted for each address. Too many of them
 * are answered with 429, whether or not the next ones are right.
 */
public final class Login implements AutoCloseable {
    /** The time in which wrong credentials are counted. */
    public static final Duration FAILURE_WINDOW = Duration.ofSeconds(10);
    private static final System.Logger LOG = new GuardedLog(Login.class);
    private static final String CHALLENGE = "WWW-Authenticate";

    private final boolean networked;
    private final InstantSource clock;
    private final Failures failures;
    private final PasswordCheck passwords;
    /** Null if no service is asked. */
    private final CallOut callOut;
    /** Null if the settings name somebody. */
    private final TokenFile tokenFile;
    private volatile Policy policy;

    private Login(Settings settings, boolean networked, LongSupplier nanoTime, InstantSource clock, CallOut.Json json)
            throws IOException {
        this.networked = networked;
        this.clock = clock;
        this.failures = new Failures(FAILURE_WINDOW, nanoTime);
        this.passwords = new PasswordCheck(nanoTime);
        // checked before a file is made
        Policy.of(settings, networked, null);
        this.tokenFile = Policy.needsToken(settings, networked)
                ? TokenFile.open(Path.of(settings.get(AccessSettings.TOKEN_FILE))) : null;
        this.policy = Policy.of(settings, networked, tokenFile);
        URI service = settings.get(AccessSettings.AUTH_URL);
        this.callOut = service == null ? null
                : new CallOut(service, settings.get(AccessSettings.AUTH_TIMEOUT), nanoTime, json);
    }

    /**
     * Makes a login. If others than this machine can reach the relay, and the settings name nobody, it reads or makes
     * the file with the operator's token.
     *
     * @param settings those of {@link AccessSettings}
     * @param networked whether others than this machine can reach the relay, perhaps through a proxy
     * @param nanoTime a clock for durations
     * @param clock the time of day, for links
     * @param parseJson reads a flat object; throws an IllegalArgumentException for anything else
     * @param quoteJson returns a string with its quotes
     * @return the login
     * @throws IOException if the file of the token cannot be read or made
     * @throws IllegalArgumentException if a rule names somebody unknown, or two have the same name
     */
    public static Login open(Settings settings, boolean networked, LongSupplier nanoTime, InstantSource clock,
            Function<String, Map<String, Object>> parseJson, UnaryOperator<String> quoteJson) throws IOException {
        return new Login(settings, networked, nanoTime, clock, new CallOut.Json(parseJson, quoteJson));
    }

    /**
     * Replaces rules, tokens, users and keys. Requests that were allowed before go on.
     *
     * @param settings the new ones
     * @throws IllegalArgumentException as {@link #open} does; the old ones stay
     */
    public void reload(Settings settings) {
        policy = Policy.of(settings, networked, tokenFile);
    }

    /**
     * Signs a link to watch a stream.
     *
     * @param path the stream
     * @param time how long it holds
     * @param max how many may watch with it at once; 0 for any number
     * @return the address of its page, relative to the relay
     * @throws HttpException 409 if there is no key
     */
    public String sign(String path, Duration time, int max) throws HttpException {
        Map<String, NamedSecret> keys = policy.linkKeys();
        if (keys.isEmpty()) {
            throw new HttpException(409, "a link needs a key: set link-key, and relay token NAME makes one");
        }
        long exp = clock.instant().plus(time).getEpochSecond();
        NamedSecret key = keys.values().iterator().next();
        return "watch/" + path + "?" + SignedLink.sign(key, Action.VIEW, path, exp, 0, max).query();
    }

    /**
     * Returns the file of the token that the first start made.
     *
     * @return null if the settings name somebody, or only this machine can reach the relay
     */
    public TokenFile tokenFile() {
        return tokenFile;
    }

    /**
     * Decides about a request.
     *
     * @param request the question
     * @return completes on any thread, often at once: with a grant, or with an {@link HttpException}. Its status is 401
     *     (credentials are missing or wrong), 403 (they do not allow it, or no longer), 429 (too many wrong ones) or
     *     503 (the service did not answer)
     */
    public CompletionStage<Grant> decide(Request request) {
        Policy now = policy;
        Credentials given = request.credentials();
        if (now.allows(AllowRule.ANYONE, request.action(), request.path(), request.client())
                && (given == null || given.link() == null)) {
            return CompletableFuture.completedFuture(Grant.ANYONE);
        }
        try {
            if (given == null) {
                return callOut == null ? refuse(unauthorized(now, "a login is needed")) : ask(request, now, false);
            }
            requireFewFailures(request, now);
            if (given.link() != null) {
                return CompletableFuture.completedFuture(byLink(request, now));
            }
            return given.user() == null ? byToken(request, now) : byPassword(request, now);
        } catch (HttpException e) {
            return refuse(e);
        }
    }

    private static CompletionStage<Grant> refuse(HttpException why) {
        return CompletableFuture.failedFuture(why);
    }

    private CompletionStage<Grant> byToken(Request request, Policy now) throws HttpException {
        String name = now.tokens().nameOf(request.credentials().secret());
        if (name == null) {
            return callOut == null ? refuse(failed(request, now, "the token is wrong")) : ask(request, now, true);
        }
        return allowed(request, now, name);
    }

    private CompletionStage<Grant> byPassword(Request request, Policy now) throws HttpException {
        Credentials given = request.credentials();
        PasswordHash hash = now.users().get(given.user());
        if (passwords.isRemembered(request.client(), given.user(), given.secret(), hash)) {
            return allowed(request, now, given.user());
        }
        if (hash == null && callOut != null) {
            return ask(request, now, true);
        }
        CompletableFuture<Grant> answer = new CompletableFuture<>();
        Thread.ofVirtual().name("relay-login").start(() -> {
            try {
                boolean right = passwords.matches(request.client(), given.user(), given.secret(), hash,
                        () -> requireFewFailures(request, now));
                (right ? allowed(request, now, given.user())
                        : refuse(failed(request, now, "the user or the password is wrong")))
                        .whenComplete((grant, thrown) -> complete(answer, grant, thrown));
            } catch (Throwable thrown) {
                answer.completeExceptionally(thrown);
            }
        });
        return answer;
    }

    private static void complete(CompletableFuture<Grant> answer, Grant grant, Throwable thrown) {
        if (thrown == null) {
            answer.complete(grant);
        } else {
            answer.completeExceptionally(thrown);
        }
    }

    private CompletionStage<Grant> allowed(Request request, Policy now, String who) {
        if (now.allows(who, request.action(), request.path(), request.client())) {
            return CompletableFuture.completedFuture(Grant.forever(who));
        }
        return callOut == null ? refuse(new HttpException(403, who + " may not do this")) : ask(request, now, false);
    }

    private Grant byLink(Request request, Policy now) throws HttpException {
        SignedLink link = request.credentials().link();
        NamedSecret key = now.linkKeys().get(link.key());
        // signed also if there is no such key, which then takes the same time
        NamedSecret signer = key == null ? new NamedSecret("none", "none") : key;
        boolean right = Digests.equal(link.signatureFor(signer, request.action(), request.path()), link.signature());
        if (key == null || !right) {
            failed(request, now, "the link is not signed for this");
            throw new HttpException(403, "the link is not valid for this");
        }
        Instant until = Instant.ofEpochSecond(link.exp());
        if (!clock.instant().isBefore(until)) {
            throw new HttpException(403, "the link has expired");
        }
        if (clock.instant().isBefore(Instant.ofEpochSecond(link.nbf()))) {
            throw new HttpException(403, "the link is not valid yet");
        }
        // the end of the signature is no secret that would let anybody in
        String shared = "link " + link.key() + " " + Integer.toHexString(link.signature().hashCode());
        return new Grant("link " + link.key(), until, link.max() == 0 ? Integer.MAX_VALUE : link.max(), shared);
    }

    /** Asks the service. Its failure is a refusal. */
    private CompletionStage<Grant> ask(Request request, Policy now, boolean counts) {
        return callOut.ask(request).handle((grant, thrown) -> {
            if (thrown != null) {
                Throwable cause = thrown instanceof CompletionException && thrown.getCause() != null
                        ? thrown.getCause() : thrown;
                LOG.log(Level.WARNING, "the login service did not answer about {0}: {1}", request,
                        String.valueOf(cause.getCause() == null ? cause : cause.getCause()));
                throw new CompletionException(cause instanceof HttpException refusal ? refusal
                        : new HttpException(503, "the login service did not answer; try again"));
            }
            if (grant != null) {
                return grant;
            }
            throw new CompletionException(counts ? failed(request, now, "the login service refused")
                    : request.credentials() == null ? unauthorized(now, "a login is needed")
                    : new HttpException(403, "the login service does not allow this"));
        });
    }

    private void requireFewFailures(Request request, Policy now) throws HttpException {
        if (failures.isBlocked(request.client(), now.failuresMax())) {
            throw new HttpException(429, "too many wrong logins from this address; try again later",
                    HttpHeaders.of("Retry-After", String.valueOf(FAILURE_WINDOW.toSeconds())));
        }
    }

    /** Counts wrong credentials, and returns the refusal. */
    private HttpException failed(Request request, Policy now, String why) {
        failures.add(request.client(), now.failuresMax());
        LOG.log(Level.INFO, "refused {0}, {1}: {2}", request, request.credentials(), why);
        return unauthorized(now, why);
    }

    private HttpException unauthorized(Policy now, String why) {
        HttpHeaders.Builder fields = HttpHeaders.builder().add(CHALLENGE, "Bearer realm=\"relay\"");
        if (!now.users().isEmpty()) {
            // a browser would ask its user for a password that does not exist
            fields.add(CHALLENGE, "Basic realm=\"relay\", charset=\"UTF-8\"");
        }
        return new HttpException(401, why, fields.build());
    }

    /** Ends the questions that are with the service, and its threads. */
    @Override
    public void close() {
        if (callOut != null) {
            callOut.close();
        }
    }
}
