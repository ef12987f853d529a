package io.iocp4j.core;

import java.util.List;

/**
 * An object with a reference count. It begins with one reference and is freed at the last {@link #release()}.
 *
 * <p>Any thread may retain and release. The count is always checked, not only with assertions on. A use after the last
 * release, or a release too many, throws {@link IllegalStateException} at once, because a wrong count would later let
 * two owners write the same memory.
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
     * The references held now. Only for tests and reports, since another thread may change the number at any time.
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
