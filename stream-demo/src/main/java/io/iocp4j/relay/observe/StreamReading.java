package io.iocp4j.relay.observe;

/**
 * What one stream is at the moment of a scrape.
 *
 * @param path its path
 * @param state "live" or "waiting"
 * @param viewers number of viewers
 * @param queueBytes bytes that wait for its viewers, in all
 * @param cacheBytes bytes in its cache for viewers that join
 */
public record StreamReading(String path, String state, int viewers, long queueBytes, long cacheBytes) {
}
