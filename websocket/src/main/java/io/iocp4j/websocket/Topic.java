package io.iocp4j.websocket;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A group of WebSockets that get the same messages. A WebSocket leaves it when it ends. An empty topic of a server
 * takes no memory: this object has only the name and a reference to the members of all topics. Any thread.
 *
 * <p>A published message is framed once, and a server queues it without a copy. Publishing never waits. The
 * {@link SlowConsumer} policy applies to a member whose queue is above its high-water mark, as on a worker. Messages
 * that one thread publishes reach each member in order.
 */
public final class Topic {
    private final ConcurrentHashMap<String, Set<TopicMember>> all;
    private final String name;

    /** Makes a topic of a server. The map has the members of every topic of the server, and no empty set. */
    Topic(ConcurrentHashMap<String, Set<TopicMember>> all, String name) {
        this.all = all;
        this.name = name;
    }

    /**
     * Makes a topic without a server: for handlers that are made before their server, for clients, or for the
     * WebSockets of several servers. {@link WebSocketServer#topic} returns the topics of one server by name.
     *
     * @param name for logs
     * @return a topic without members, equal to itself only
     */
    public static Topic create(String name) {
        return new Topic(new ConcurrentHashMap<>(), Objects.requireNonNull(name));
    }

    /**
     * The name.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * Adds a WebSocket. Does nothing if it is a member.
     *
     * @param socket of any server or client
     * @return false if it is not open
     */
    public boolean add(WebSocket socket) {
        TopicMember member = ((WebSocketConnection) socket).member();
        return member.enter(this, () -> all.compute(name, (key, before) -> {
            Set<TopicMember> members = before == null ? ConcurrentHashMap.newKeySet() : before;
            members.add(member);
            return members;
        }));
    }

    /**
     * Removes a WebSocket. Does nothing if it is not a member.
     *
     * @param socket any
     */
    public void remove(WebSocket socket) {
        remove(((WebSocketConnection) socket).member());
    }

    void remove(TopicMember member) {
        member.leave(this, () -> all.computeIfPresent(name, (key, members) -> {
            members.remove(member);
            return members.isEmpty() ? null : members;
        }));
    }

    /**
     * Sends text to all members.
     *
     * @param text encoded as UTF-8; unpaired surrogates become '?'
     */
    public void publish(String text) {
        publish(Message.text(text));
    }

    /**
     * Sends binary data to all members.
     *
     * @param data copied; its position stays
     */
    public void publish(ByteBuffer data) {
        publish(new PlainMessage(null, data));
    }

    /**
     * Sends a message to all members.
     *
     * @param message a {@link SharedMessage} is sent as it is; any other message is framed once
     */
    public void publish(Message message) {
        Set<TopicMember> members = all.getOrDefault(name, Set.of());
        SharedMessage shared = null;
        try {
            for (TopicMember member : members) {
                if (shared == null) {
                    shared = member.share(message);
                }
                member.publish(shared);
            }
        } finally {
            if (shared != null) {
                shared.release();
            }
        }
    }

    /**
     * The number of members.
     *
     * @return 0 or more
     */
    public int size() {
        return all.getOrDefault(name, Set.of()).size();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Topic topic && topic.all == all && topic.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return "Topic[" + name + ", " + size() + " members]";
    }
}
