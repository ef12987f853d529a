package io.iocp4j.relay.media;

/** Admits or refuses more memory for a parser, and counts the memory that the parser gives back. */
@FunctionalInterface
public interface MediaMemory {
    /** Always admits more memory. */
    MediaMemory UNBOUNDED = (before, after) -> true;

    /**
     * Changes the size of one allocation, before the parser changes it. Called on the thread that feeds or releases the
     * parser.
     *
     * @param beforeBytes its old size in bytes
     * @param afterBytes its new size in bytes
     * @return false to refuse, only if the size grows; the stream then fails
     */
    boolean change(long beforeBytes, long afterBytes);
}
