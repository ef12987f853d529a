package io.iocp4j.core;

import java.nio.ByteBuffer;

/**
 * A counted piece of direct memory from a {@link BufferPool}. Every holder of a reference may read. Only the code that
 * acquired the buffer may write, and only until it gives the buffer to other code.
 */
public final class PooledBuffer extends RefCounted {
    /** The content of released memory if leaks are watched: it reveals a reader that kept a view too long. */
    static final byte POISON = (byte) 0xDD;

    private final BufferPool pool;
    private final ByteBuffer memory;

    PooledBuffer(BufferPool pool, ByteBuffer memory) {
        this.pool = pool;
        this.memory = memory;
    }

    /**
     * The memory itself. Its position and limit belong to the code that fills it.
     *
     * @return the one buffer object of this piece of memory, the same at each call
     */
    public ByteBuffer buffer() {
        if (references() <= 0) {
            throw new IllegalStateException("used after the last release: " + this);
        }
        return memory;
    }

    /** Gives the memory back to its pool. */
    @Override
    protected void free() {
        pool.takeBack(memory);
    }

    @Override
    public String toString() {
        return "PooledBuffer[" + memory.capacity() + " bytes]";
    }
}
