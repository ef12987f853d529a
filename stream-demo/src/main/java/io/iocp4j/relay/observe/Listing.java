package io.iocp4j.relay.observe;

import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;

/**
 * A list in pages: {@code ?limit=} entries, after {@code ?cursor=}, the value of "next" in the page before. An answer
 * has an ETag, and is 304 without content where the client has the same (RFC 9110 section 13.1.2). Pure.
 */
public final class Listing {
    /** The largest number of entries of a page, and the default. */
    public static final int LIMIT_MAX = 1_000;

    private Listing() {
    }

    /**
     * Answers with a page.
     *
     * @param request has the parameters
     * @param name the member of the answer that has the entries
     * @param all all entries, in an order that stays: an entry keeps its place among others
     * @param key returns what names an entry, for the cursor
     * @param after tells whether an entry comes after a cursor
     * @param json returns an entry as JSON
     * @param more further members of the answer, each a name and JSON
     * @param <T> the type of an entry
     * @return status 200, or 304
     * @throws HttpException with status 400 if the limit is not a number from 1 to {@value #LIMIT_MAX}
     */
    public static <T> HttpResponse page(HttpRequest request, String name, List<T> all, Function<T, String> key,
            After<T> after, Function<T, String> json, String... more) throws HttpException {
        int limit = limit(request.parameter("limit"));
        String cursor = request.parameter("cursor");
        List<T> left = cursor == null ? all : all.stream().filter(entry -> after.test(entry, cursor)).toList();
        StringBuilder array = new StringBuilder("[");
        for (int i = 0; i < Math.min(limit, left.size()); i++) {
            array.append(i == 0 ? "" : ",").append(json.apply(left.get(i)));
        }
        JsonText answer = new JsonText().putJson(name, array.append(']').toString());
        for (int i = 0; i < more.length; i += 2) {
            answer.putJson(more[i], more[i + 1]);
        }
        if (left.size() > limit) {
            answer.put("next", key.apply(left.get(limit - 1)));
        }
        return tagged(request, answer.toString());
    }

    /**
     * Tells whether an entry comes after a cursor.
     *
     * @param <T> the type of an entry
     */
    @FunctionalInterface
    public interface After<T> {
        /**
         * Compares.
         *
         * @param entry of the list
         * @param cursor what a client sent, so it may be anything
         * @return true if the entry comes after it
         */
        boolean test(T entry, String cursor);
    }

    private static int limit(String text) throws HttpException {
        if (text == null) {
            return LIMIT_MAX;
        }
        if (text.matches("[0-9]{1,4}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= LIMIT_MAX) {
            return Integer.parseInt(text);
        }
        throw new HttpException(400, "limit must be a number from 1 to " + LIMIT_MAX);
    }

    /**
     * Answers with JSON and its ETag.
     *
     * @param request may have an If-None-Match
     * @param json the content
     * @return status 200, or 304
     */
    public static HttpResponse tagged(HttpRequest request, String json) {
        String tag = "\"" + hash(json) + "\"";
        List<String> known = request.headers().all("If-None-Match");
        boolean same = known.stream().flatMap(line -> List.of(line.split(",")).stream()).map(String::strip)
                .anyMatch(each -> each.equals("*") || each.equals(tag) || each.equals("W/" + tag));
        HttpResponse response = same ? HttpResponse.of(304) : HttpResponse.json(200, json);
        return response.withHeader("ETag", tag).withHeader("Cache-Control", "no-cache");
    }

    private static String hash(String json) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(json.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 12);
        } catch (NoSuchAlgorithmException e) {
            // every Java platform has it
            throw new IllegalStateException(e);
        }
    }
}
