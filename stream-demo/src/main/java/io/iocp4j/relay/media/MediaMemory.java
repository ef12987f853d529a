package io.iocp4j.relay.media;

/** Asked before a parser takes more memory, and told when it gives some back. */
@FunctionalInterface
public interface MediaMemory {
    /** There is always room. */
    MediaMemory UNBOUNDED = (before, after) -> true;

    /**
     * The size of something changes.
     *
     * @param beforeBytes what it took
     * @param afterBytes what it takes from now on
     * @return false if there is no room for it, only where it grows: the stream fails then
     */
    boolean change(long beforeBytes, long afterBytes);
}
