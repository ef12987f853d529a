package io.iocp4j.relay.observe;

import java.time.Instant;
import java.util.Map;

/**
 * Something that happened to a stream, a viewer or a publisher. Immutable.
 *
 * @param type such as "stream.live"; see the constants
 * @param path the path of the stream; null if it concerns none
 * @param time when it happened
 * @param details further members of the JSON object, in order
 */
public record RelayEvent(String type, String path, Instant time, Map<String, Object> details) {
    /** A publisher sends. */
    public static final String STREAM_LIVE = "stream.live";
    /** The publisher is gone, and viewers wait for it. */
    public static final String STREAM_WAITING = "stream.waiting";
    /** The stream is over. */
    public static final String STREAM_ENDED = "stream.ended";
    /** A viewer joined. */
    public static final String VIEWER_JOINED = "viewer.joined";
    /** A viewer left. */
    public static final String VIEWER_LEFT = "viewer.left";
    /** The queue of a slow viewer was cut. */
    public static final String VIEWER_TRIMMED = "viewer.trimmed";
    /** A limit was reached. */
    public static final String LIMIT_HIT = "limit.hit";

    /**
     * Returns the event as JSON.
     *
     * @return one object, in one line
     */
    public String json() {
        JsonText json = new JsonText().put("t", "event").put("type", type).put("time", time).put("path", path);
        details.forEach(json::put);
        return json.toString();
    }
}
