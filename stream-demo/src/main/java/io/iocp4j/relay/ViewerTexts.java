package io.iocp4j.relay;

import java.util.concurrent.ThreadLocalRandom;

/** The control texts to viewers, besides those about the stream. */
final class ViewerTexts {
    /** The upper bound of the random time after which a viewer may retry, so that not all retry at the same moment. */
    private static final int RETRY_MILLIS_MAX = 2_000;

    private ViewerTexts() {
    }

    /** The first text. It tells how far the relay lets this viewer fall behind. */
    static String hello(String id, long maxLagNanos) {
        return "{\"t\":\"hello\",\"v\":1,\"viewer\":" + Json.quote(id) + ",\"server\":"
                + Json.quote("iocp4j " + RelayServer.version()) + ",\"maxLagMs\":" + maxLagNanos / 1_000_000 + "}";
    }

    /** The answer to a ping text: its number, and the time of the relay in milliseconds since 1970. */
    static String pong(double number, long millis) {
        String echoed = number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
        return "{\"t\":\"pong\",\"c\":" + echoed + ",\"s\":" + millis + "}";
    }

    /** Reports dropped frames. */
    static String skip(ViewerQueue.Skipped skipped) {
        return "{\"t\":\"skip\",\"from\":" + Integer.toUnsignedString(skipped.fromSeq())
                + ",\"to\":" + Integer.toUnsignedString(skipped.toSeq())
                + ",\"frames\":" + skipped.frames() + ",\"reason\":\"slow\"}";
    }

    /** The last text, with a random time to come back. */
    static String bye(int code) {
        return "{\"t\":\"bye\",\"code\":" + code + ",\"retryMs\":"
                + ThreadLocalRandom.current().nextInt(RETRY_MILLIS_MAX) + "}";
    }
}
