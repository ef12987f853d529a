package io.iocp4j.websocket.http;

import java.time.Instant;
import java.util.List;

/**
 * The validators of a representation. The conditions of a request are compared with them (RFC 9110 section 13).
 *
 * @param etag strong, in quotes
 * @param modified in whole seconds
 */
record Validators(String etag, Instant modified) {
    /** The result of the conditions. */
    enum Outcome {
        /** The request is answered as if it had no conditions. */
        PROCEED,
        /** The client has this representation: 304. */
        NOT_MODIFIED,
        /** The client requires another representation: 412. */
        FAILED
    }

    /** Evaluates the conditions of GET or HEAD in the order of section 13.2.2. */
    Outcome check(HttpHeaders request) {
        if (request.first("If-Match") != null) {
            if (!matches(request.elements("If-Match"), false)) {
                return Outcome.FAILED;
            }
        } else if (isAfter(request.first("If-Unmodified-Since"))) {
            return Outcome.FAILED;
        }
        if (request.first("If-None-Match") != null) {
            return matches(request.elements("If-None-Match"), true) ? Outcome.NOT_MODIFIED : Outcome.PROCEED;
        }
        Instant since = HttpDate.parse(request.first("If-Modified-Since"));
        return since != null && !modified.isAfter(since) ? Outcome.NOT_MODIFIED : Outcome.PROCEED;
    }

    /** Tells whether a range may be sent: If-Range is absent, or it matches this representation (section 13.1.5). */
    boolean allowRange(HttpHeaders request) {
        String condition = request.first("If-Range");
        if (condition == null) {
            return true;
        }
        return condition.equals(etag) || modified.equals(HttpDate.parse(condition));
    }

    private boolean isAfter(String date) {
        Instant since = HttpDate.parse(date);
        return since != null && modified.isAfter(since);
    }

    /**
     * Tells whether a list has this tag. This tag has no comma, so splitting the list at every comma cannot hide it.
     */
    private boolean matches(List<String> tags, boolean weak) {
        return tags.stream().anyMatch(tag -> tag.equals("*") || tag.equals(etag) || weak && tag.equals("W/" + etag));
    }
}
