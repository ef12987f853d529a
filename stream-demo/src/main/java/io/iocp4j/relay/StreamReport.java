package io.iocp4j.relay;

import io.iocp4j.relay.observe.JsonText;
import io.iocp4j.relay.observe.StreamReading;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a stream is at one moment, copied under its lock so that texts are made without it.
 *
 * @param state "live", "waiting" or "ended"
 * @param publisher null while none sends
 * @param framesPerSecond pictures of the last seconds
 * @param bitsPerSecond of the last seconds
 * @param gopSeconds between the last two key frames; 0 before the second
 * @param reordered whether pictures are shown in another order than they arrive
 * @param lost frames that did not reach the relay, as the gaps in their numbers tell
 * @param queueBytes that wait for viewers, in all
 * @param gopCached false while the group of pictures is too large for the cache
 */
record StreamReport(String path, String state, String container, String mime, int width, int height, int viewers,
        int epoch, PublisherInfo publisher, double framesPerSecond, double bitsPerSecond, double gopSeconds,
        boolean reordered, long lost, long queueBytes, long gopBytes, boolean gopCached, long uptimeMillis,
        long framesIn, long bytesIn, long framesDropped) {
    private static final Pattern CODECS = Pattern.compile("codecs=\"([^\"]*)\"");

    /** Returns one element of the answer to {@code GET /api/v1/streams}. */
    String json() {
        JsonText json = new JsonText().put("path", path).put("state", state).put("container", container)
                .put("mime", mime).put("codecs", codecs()).put("width", width).put("height", height)
                .put("viewers", viewers).put("epoch", epoch).put("fps", tenths(framesPerSecond))
                .put("bitrate", Math.round(bitsPerSecond)).put("gopSeconds", gopSeconds)
                .put("gopBytes", gopBytes).put("gopCached", gopCached).put("uptimeMs", uptimeMillis)
                .put("framesIn", framesIn).put("bytesIn", bytesIn).put("framesDropped", framesDropped)
                .put("queueBytes", queueBytes);
        if (publisher == null) {
            return json.put("publisher", null).toString();
        }
        return json.putJson("publisher", new JsonText().put("address", publisher.address())
                .put("agent", publisher.agent()).put("bframes", reordered).put("lost", lost).toString()).toString();
    }

    private String codecs() {
        Matcher matcher = CODECS.matcher(mime);
        return matcher.find() ? matcher.group(1) : container.equals("mjpeg") ? "jpeg" : "";
    }

    private static double tenths(double value) {
        return Math.rint(value * 10) / 10;
    }

    StreamReading reading() {
        return new StreamReading(path, state, viewers, queueBytes, gopBytes);
    }
}
