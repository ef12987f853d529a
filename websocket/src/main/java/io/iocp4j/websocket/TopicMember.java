package io.iocp4j.websocket;

import io.iocp4j.core.BufferPool;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a WebSocket is to the topics of its server: where it is in, and how it is reached from there. Any thread. */
final class TopicMember {
    private final Object lock;
    private final MessageSender sender;
    private final BufferPool pool;
    // guarded by lock, which is that of the WebSocket
    private final ClosingHandshake closing;
    private final Set<Topic> topics = new HashSet<>(0);

    TopicMember(Object lock, ClosingHandshake closing, MessageSender sender, BufferPool pool) {
        this.lock = lock;
        this.closing = closing;
        this.sender = sender;
        this.pool = pool;
    }

    /** Enters a topic unless the WebSocket is over. Under the lock, so that it cannot end between. */
    boolean enter(Topic topic, Runnable add) {
        synchronized (lock) {
            if (!closing.isOpen()) {
                return false;
            }
            topics.add(topic);
            add.run();
            return true;
        }
    }

    void leave(Topic topic, Runnable remove) {
        synchronized (lock) {
            if (topics.remove(topic)) {
                remove.run();
            }
        }
    }

    /** The WebSocket is over, so that it enters nothing more. */
    void end() {
        List<Topic> left;
        synchronized (lock) {
            left = List.copyOf(topics);
        }
        left.forEach(topic -> topic.remove(this));
    }

    void publish(SharedMessage message) {
        sender.publish(message);
    }

    /** For all members: with a reference that is the caller's. */
    SharedMessage share(Message message) {
        return SharedMessage.of(pool, message);
    }
}
