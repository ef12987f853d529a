package io.iocp4j.core;

/**
 * A first-in-first-out queue in an array, which an {@link OutOfMemoryError} leaves unchanged.
 * {@link java.util.ArrayDeque} grows after it has added an element, and loses its content if it cannot grow. Not
 * thread-safe.
 *
 * @param <E> its elements, never null
 */
class RingQueue<E> {
    private Object[] elements;
    private int head;
    private int size;

    /** Makes an empty queue with room for the given number of elements, a power of two. */
    RingQueue(int capacity) {
        assert Integer.bitCount(capacity) == 1;
        elements = new Object[capacity];
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Adds an element behind the others. */
    void add(E element) {
        if (size == elements.length) {
            grow(new Object[2 * size]);
        }
        elements[index(size)] = element;
        size++;
    }

    private void grow(Object[] larger) {
        for (int i = 0; i < size; i++) {
            larger[i] = elements[index(i)];
        }
        elements = larger;
        head = 0;
    }

    /** Takes the first element; null if there is none. */
    E poll() {
        if (size == 0) {
            return null;
        }
        E first = take(head);
        head = index(1);
        size--;
        return first;
    }

    /** Takes the last element back; null if there is none. */
    E takeBack() {
        if (size == 0) {
            return null;
        }
        size--;
        return take(index(size));
    }

    private int index(int position) {
        return head + position & elements.length - 1;
    }

    @SuppressWarnings("unchecked") // only add writes to the array
    private E take(int index) {
        E element = (E) elements[index];
        elements[index] = null;
        return element;
    }
}
