package io.iocp4j.core;

import java.util.List;

/**
 * An object with a reference count, born with one reference, freed at the last {@link #release()}.
 *
 * <p>Any thread may retain and release. The count is checked always, not only with assertions on: a use after the last
 * release and a release too many throw {@link IllegalStateException} where they happen, because a count that is wrong
 * once is memory that two owners write later.
 */
public abstract class RefCounted extends Counted {
    /** Makes the object with its one reference, which belongs to the caller. */
    protected RefCounted() {
    }

    /**
     * Adds a reference.
     *
     * @throws IllegalStateException if the object was freed already
     */
    public final void retain() {
        addReference();
    }

    /**
     * Gives a reference back; the last one frees the object on this thread.
     *
     * @return whether this was the last reference
     * @throws IllegalStateException if the object was freed already
     */
    public final boolean release() {
        return dropReference();
    }

    /**
     * The references held now. For tests and reports: another thread may change it at any time.
     *
     * @return the count, 0 after the object was freed
     */
    public final int references() {
        return count();
    }

    /** Called once, by the thread of the last release. */
    @Override
    protected abstract void free();

    /**
     * Describes every object that was made and not yet freed, connections too, for leak checks.
     *
     * @return one text per object, with the stack that made it under {@code iocp4j.leaks=trace}
     * @throws IllegalStateException if the system property {@code iocp4j.leaks} is neither {@code on} nor {@code trace}
     */
    public static List<String> live() {
        return describeLive();
    }
}
