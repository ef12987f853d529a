package io.iocp4j.websocket;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A group of WebSockets that get the same messages. A WebSocket leaves it when it ends. A topic of a server that nobody
 * is in takes no memory: this is only the name and the way to the members. Any thread.
 *
 * <p>What is published is framed once and copied for nobody. It never waits: a member whose queue is above its
 * high-water mark is dealt with as its {@link SlowConsumer} policy says where nothing may wait. Messages that one
 * thread publishes reach each member in their order.
 */
public final class Topic {
    private final ConcurrentHashMap<String, Set<TopicMember>> all;
    private final String name;

    /** The map has the members of every topic of the server, and no empty set. */
    Topic(ConcurrentHashMap<String, Set<TopicMember>> all, String name) {
        this.all = all;
        this.name = name;
    }

    /**
     * A topic of its own, which needs no server: for handlers that are written before the server is there, for clients,
     * or for the WebSockets of several servers. {@link WebSocketServer#topic} gives the topics of one server by name.
     *
     * @param name for people
     * @return without a member, and equal to itself only
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
     * Lets a WebSocket in; harmless if it is in.
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
     * Lets a WebSocket out; harmless if it is not in.
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
     * Sends text to all who are in.
     *
     * @param text encoded as UTF-8; unpaired surrogates become '?'
     */
    public void publish(String text) {
        publish(Message.text(text));
    }

    /**
     * Sends binary data to all who are in.
     *
     * @param data copied; its position stays
     */
    public void publish(ByteBuffer data) {
        publish(new PlainMessage(null, data));
    }

    /**
     * Sends a message to all who are in.
     *
     * @param message a {@link SharedMessage} as it is, any other framed once
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
