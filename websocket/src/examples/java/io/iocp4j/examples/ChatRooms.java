package io.iocp4j.examples;

import io.iocp4j.websocket.CloseStatus;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketServer;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;

/**
 * A chat with rooms and the callback API: {@code ws://host:port/kitchen} joins the room "kitchen". A member that reads
 * too slowly misses messages, and never slows the others.
 */
public final class ChatRooms {
    /** The limit of a member's queue, in bytes: above it, that member misses messages. */
    private static final long QUEUED_MAX = 64 << 10;

    private final Map<String, Set<WebSocket>> rooms = new ConcurrentHashMap<>();

    private ChatRooms() {
    }

    /**
     * Serves until the process is stopped.
     *
     * @param args the TCP port to listen on
     * @throws IOException if the port is taken
     */
    public static void main(String[] args) throws IOException {
        WebSocketServer server = listen(ServerOptions.defaults().tcpPort(Integer.parseInt(args[0])));
        server.closeOnExit(Duration.ofSeconds(5));
        server.awaitClosed();
    }

    static WebSocketServer listen(ServerOptions options) throws IOException {
        ChatRooms chat = new ChatRooms();
        return WebSocketServer.listen(options, exchange -> chat.new Member(exchange.request().path()));
    }

    /** One WebSocket in its room. A room is there as long as somebody is in it. */
    private final class Member implements WebSocketListener {
        private final String room;

        Member(String room) {
            this.room = room;
        }

        @Override
        public void onOpen(WebSocket socket) {
            rooms.compute(room, (name, members) -> {
                Set<WebSocket> all = members == null ? new CopyOnWriteArraySet<>() : members;
                all.add(socket);
                return all;
            });
            tell("somebody came");
        }

        @Override
        public void onText(WebSocket socket, String text) {
            tell(text);
        }

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            rooms.computeIfPresent(room,
                    (name, members) -> members.remove(socket) && members.isEmpty() ? null : members);
            tell("somebody left");
        }

        private void tell(String text) {
            rooms.getOrDefault(room, Set.of()).stream()
                    .filter(member -> member.bufferedAmount() <= QUEUED_MAX).forEach(member -> member.trySend(text));
        }
    }
}
