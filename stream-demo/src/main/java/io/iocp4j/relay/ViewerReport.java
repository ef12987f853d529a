package io.iocp4j.relay;

import io.iocp4j.relay.observe.JsonText;
import io.iocp4j.relay.observe.ViewerObserver;

/**
 * What a viewer is at one moment, copied under its lock.
 *
 * @param id such as "v12"
 * @param state "live", "paused" or "gone"
 * @param lagMillis waiting time of the oldest frame that its socket has not taken
 * @param queueBytes that wait for it
 * @param dropped frames that it did not get because it was slow
 */
record ViewerReport(String id, String path, String state, double lagMillis, long queueBytes, long dropped, long trims,
        long framesSent, ViewerObserver.Numbers numbers) {
    /** Returns the number in the id, by which viewers are ordered. */
    long number() {
        return Long.parseLong(id.substring(1));
    }

    /** Returns one element of the answer to {@code GET /api/v1/viewers}. */
    String json() {
        return new JsonText().put("id", id).put("path", path).put("address", numbers.peer())
                .put("agent", numbers.agent()).put("since", numbers.since()).put("lagMs", lagMillis)
                .put("latencyMs", numbers.latencyMillis()).put("rttMs", numbers.roundTripMillis())
                .put("queueBytes", queueBytes).put("framesDropped", dropped).put("trims", trims)
                .put("framesSent", framesSent).put("bytesSent", numbers.bytesSent()).put("state", state).toString();
    }
}
