package io.iocp4j.websocket;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A WebSocket as topics see it: its topics, and the way a message reaches it. Any thread. */
final class TopicMember {
    private final MessageSender socket;
    /** Guarded by the lock of the WebSocket. */
    private final Set<Topic> topics = new HashSet<>(0);

    TopicMember(MessageSender socket) {
        this.socket = socket;
    }

    /** Enters a topic unless the WebSocket is over. Holds its lock, so that it cannot end meanwhile. */
    boolean enter(Topic topic, Runnable add) {
        synchronized (socket.lock) {
            if (!socket.closing.isOpen()) {
                return false;
            }
            topics.add(topic);
            add.run();
            return true;
        }
    }

    void leave(Topic topic, Runnable remove) {
        synchronized (socket.lock) {
            if (topics.remove(topic)) {
                remove.run();
            }
        }
    }

    /** Leaves every topic. The WebSocket is over, so it cannot enter another. */
    void end() {
        List<Topic> left;
        synchronized (socket.lock) {
            left = List.copyOf(topics);
        }
        left.forEach(topic -> topic.remove(this));
    }

    void publish(SharedMessage message) {
        socket.publish(message);
    }

    /** Frames a message for all members. The caller must release the result. */
    SharedMessage share(Message message) {
        return SharedMessage.of(socket.tcp.completionPort().buffers(), message);
    }
}
