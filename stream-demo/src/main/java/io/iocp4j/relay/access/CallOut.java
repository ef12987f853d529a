package io.iocp4j.relay.access;

import io.iocp4j.websocket.http.HttpException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks an HTTP service about a request. It gets a POST with the fields that MediaMTX sends, as JSON: user, password,
 * token, ip, action ("read" for view), path, protocol, id, query and userAgent. A status of 200 to 299 allows the
 * request; the answer may then be JSON with {@code maxViewers} and {@code until} (seconds since 1970). The answer is
 * remembered as long as its Cache-Control says, at most a minute. Any thread; nothing here waits.
 */
final class CallOut implements AutoCloseable {
    /** How many requests may wait for the service; the next is refused. */
    static final int WAITING_MAX = 256;
    /** The largest answer, in bytes. */
    static final int ANSWER_BYTES_MAX = 4_096;
    /** The longest time that an answer is remembered. */
    static final Duration REMEMBERED_MAX = Duration.ofSeconds(60);
    /** The largest number of answers that are remembered. */
    static final int ANSWERS_MAX = 10_000;
    private static final Pattern MAX_AGE = Pattern.compile("(?:^|[,\\s])max-age=(\\d{1,9})(?:$|[,\\s])");

    /**
     * Reads and writes JSON.
     *
     * @param parse reads a flat object; throws an IllegalArgumentException for anything else
     * @param quote returns a string with its quotes
     */
    record Json(Function<String, Map<String, Object>> parse, UnaryOperator<String> quote) { }

    /** What the service said: a grant, or null for a refusal. */
    private record Answer(Grant grant, long untilNanos) { }

    private final URI url;
    private final Duration timeout;
    private final LongSupplier nanoTime;
    private final Json json;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient client;
    private final Semaphore waiting = new Semaphore(WAITING_MAX);
    private final AtomicLong ids = new AtomicLong();
    /** By the digest of the question. Guarded by this. */
    private final Map<String, Answer> answers = new LinkedHashMap<>();

    CallOut(URI url, Duration timeout, LongSupplier nanoTime, Json json) {
        this.url = url;
        this.timeout = timeout;
        this.nanoTime = nanoTime;
        this.json = json;
        this.client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(timeout)
                .followRedirects(HttpClient.Redirect.NEVER).executor(threads).build();
    }

    /** Completes with a grant, with null for a refusal, or with an HttpException if the service did not answer. */
    CompletableFuture<Grant> ask(Request request) {
        String question = question(request);
        String key = HexFormat.of().formatHex(Digests.digest(question));
        Answer known = remembered(key);
        if (known != null) {
            return CompletableFuture.completedFuture(known.grant());
        }
        if (!waiting.tryAcquire()) {
            return CompletableFuture.failedFuture(new HttpException(503, "too many logins at once; try again"));
        }
        String body = question.substring(0, question.length() - 1) + ",\"id\":\"r" + ids.incrementAndGet() + "\"}";
        HttpRequest post = HttpRequest.newBuilder(url).timeout(timeout).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        CompletableFuture<HttpResponse<String>> sent =
                client.sendAsync(post, BodyHandlers.limiting(BodyHandlers.ofString(), ANSWER_BYTES_MAX));
        // the timeout of the request ends with the head of the answer
        return sent.copy().orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS).handle((response, thrown) -> {
            waiting.release();
            if (thrown != null) {
                sent.cancel(true);
                throw new Unanswered(thrown);
            }
            Grant grant = response.statusCode() / 100 == 2 ? grant(request, response.body(), key) : null;
            remember(key, grant, response);
            return grant;
        });
    }

    /** The service did not answer in time, or not in the agreed form. */
    static final class Unanswered extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unanswered(Throwable cause) {
            super(cause);
        }
    }

    private String question(Request request) {
        Credentials given = request.credentials();
        boolean user = given != null && given.user() != null;
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("user", user ? given.user() : "");
        fields.put("password", user ? given.secret() : "");
        fields.put("token", user || given == null ? "" : given.secret());
        fields.put("ip", request.client().getHostAddress());
        fields.put("action", request.action() == Action.VIEW ? "read" : request.action().word());
        fields.put("path", request.path());
        fields.put("protocol", request.protocol());
        fields.put("query", request.query());
        fields.put("userAgent", request.userAgent());
        StringBuilder text = new StringBuilder("{");
        fields.forEach((name, value) -> text.append(text.length() > 1 ? "," : "").append(json.quote().apply(name))
                .append(':').append(json.quote().apply(value)));
        return text.append('}').toString();
    }

    private Grant grant(Request request, String body, String key) {
        Credentials given = request.credentials();
        String who = given == null ? AllowRule.ANYONE : given.user() != null ? given.user() : "token";
        if (!body.strip().startsWith("{")) {
            return new Grant(who, null, Integer.MAX_VALUE, key);
        }
        try {
            Map<String, Object> said = json.parse().apply(body);
            Instant until = said.get("until") instanceof Double seconds ? Instant.ofEpochSecond(seconds.longValue())
                    : null;
            int max = said.get("maxViewers") instanceof Double most ? Math.max(0, most.intValue()) : Integer.MAX_VALUE;
            return new Grant(who, until, max, key);
        } catch (RuntimeException e) {
            // a limit that cannot be read must not become no limit
            throw new Unanswered(e);
        }
    }

    private synchronized Answer remembered(String key) {
        Answer answer = answers.get(key);
        if (answer != null && answer.untilNanos() - nanoTime.getAsLong() <= 0) {
            answers.remove(key);
            return null;
        }
        return answer;
    }

    private void remember(String key, Grant grant, HttpResponse<?> response) {
        Matcher age = MAX_AGE.matcher(String.join(",", response.headers().allValues("Cache-Control")));
        if (age.find()) {
            long seconds = Math.min(Long.parseLong(age.group(1)), REMEMBERED_MAX.toSeconds());
            synchronized (this) {
                answers.put(key, new Answer(grant, nanoTime.getAsLong() + TimeUnit.SECONDS.toNanos(seconds)));
                if (answers.size() > ANSWERS_MAX) {
                    answers.remove(answers.keySet().iterator().next());
                }
            }
        }
    }

    /** Cancels what is being asked, and ends the threads. */
    @Override
    public void close() {
        client.shutdownNow();
        threads.shutdownNow();
        try {
            client.awaitTermination(Duration.ofSeconds(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
